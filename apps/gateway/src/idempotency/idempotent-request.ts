import { createHash } from 'node:crypto';
import { DomainError } from '@parley/contracts';
import { type FastifyRequest } from 'fastify';
import { pathOf } from '../http/request-path.js';

/** Visible ASCII, with or without the quotation marks of a structured field. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** SHA-256 of the key. @throws DomainError `invalid_request` */
export function keyHashOf(header: string | string[]): Buffer {
  const text = typeof header === 'string' ? header.trim() : '';
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (KEY.test(key)) return createHash('sha256').update(key).digest();
  const message = 'An idempotency key has 1 to 255 visible ASCII characters.';
  throw new DomainError('invalid_request', message, { param: 'Idempotency-Key' });
}

export type PrintedRequest = Pick<FastifyRequest, 'method' | 'headers' | 'body' | 'url'>;

/**
 * Tells one request from another: SHA-256 over method, path and body, in which the order of fields does not count. A form
 * with files is not read for it; its length stands for it.
 */
export function fingerprintOf(request: PrintedRequest): Buffer {
  const { method, headers, body } = request;
  const said = body === undefined || body === null ? (headers['content-length'] ?? '') : canonical(body);
  return createHash('sha256')
    .update(JSON.stringify([method, pathOf(request), said]))
    .digest();
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.map(([name, item]) => [name, canonical(item)]);
}
