import { UnsupportedMediaTypeException } from '@nestjs/common';
import { type FastifyAdapter } from '@nestjs/platform-fastify';
import { DomainError } from '@parley/contracts';
import { type FastifyInstance, type FastifyRequest } from 'fastify';

/** Uploads are streamed under limits of their own; this is for JSON. */
export const BODY_LIMIT_BYTES = 8 * 2 ** 20;

/** Far above what schemas of tools need, far below where recursion over a body would exhaust the stack. */
const MAX_DEPTH = 200;
const REFUSED_TYPES = ['application/x-www-form-urlencoded', 'text/plain'];
const UTF8 = new TextDecoder('utf-8', { fatal: true });
const ESCAPES = /\\(u0000|u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2}|[^])/g;
const UNSTORABLE = /\\u(?:0000|[dD][89a-fA-F])/;

type Done = (error: Error | null, body?: unknown) => void;

/**
 * Reads bodies as JSON objects and nothing else: a forgotten content type is told as such, not as a field that is
 * missing. NUL and halves of surrogate pairs, which are no text and which PostgreSQL refuses, are taken out at this door.
 */
export function installJsonBody(adapter: FastifyAdapter): void {
  const parse = adapter.getInstance().getDefaultJsonParser('error', 'error');
  adapter.useBodyParser('application/json', false, { bodyLimit: BODY_LIMIT_BYTES }, (request, body, done) =>
    readJson(parse as JsonParser, request as FastifyRequest, body as Buffer, done as Done),
  );
  adapter.useBodyParser(REFUSED_TYPES, false, { bodyLimit: BODY_LIMIT_BYTES }, () => {
    throw new UnsupportedMediaTypeException();
  });
}

/** Reads JSON objects that come without a request, under the same rules. */
export function jsonReader(fastify: FastifyInstance): (text: string) => Promise<Record<string, unknown>> {
  const parse = fastify.getDefaultJsonParser('error', 'error') as JsonParser;
  return (text) =>
    new Promise((resolve, reject) => {
      parse(undefined, withoutUnstorable(text), (error, value) => {
        const fault = error ?? faultOf(value);
        if (fault) reject(fault);
        else resolve(value as Record<string, unknown>);
      });
    });
}

type JsonParser = (request: FastifyRequest | undefined, text: string, done: Done) => void;

function readJson(parse: JsonParser, request: FastifyRequest, body: Buffer, done: Done): void {
  let text: string;
  try {
    text = withoutUnstorable(UTF8.decode(body));
  } catch (cause) {
    return done(new DomainError('invalid_request', 'The request body is not UTF-8.', { cause }));
  }
  parse(request, text, (error, value) => (error ? done(error) : done(faultOf(value), value)));
}

/** Works on the text, because names of fields are concerned too. */
function withoutUnstorable(json: string): string {
  if (!UNSTORABLE.test(json)) return json;
  return json.replace(ESCAPES, (escape, what: string) => {
    if (what === 'u0000') return '';
    return /^u[dD][89a-fA-F]..$/.test(what) ? '\\ufffd' : escape;
  });
}

function faultOf(value: unknown): DomainError | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new DomainError('invalid_request', 'The request body must be a JSON object.');
  return isDeep(value) ? new DomainError('invalid_request', 'The request body is nested too deeply.') : null;
}

function isDeep(root: object): boolean {
  let level: object[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === MAX_DEPTH) return true;
    level = level.flatMap((item) => Object.values(item).filter((child) => typeof child === 'object' && child !== null));
  }
  return false;
}
