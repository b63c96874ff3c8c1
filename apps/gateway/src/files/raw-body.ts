import { PassThrough, type Readable } from 'node:stream';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import { type FastifyAdapter, RouteConfig } from '@nestjs/platform-fastify';
import { type FastifyRequest } from 'fastify';
import { discardRest } from '../http/discard-rest.js';

const CONFIG = { readsRawBody: true };

/** A route that reads `application/octet-stream` bodies from the request itself, as they arrive. */
export const ReadsRawBody = () => RouteConfig(CONFIG);

/** Everywhere else such a body is refused as before. */
export function installRawBody(adapter: FastifyAdapter): void {
  adapter.getInstance().addContentTypeParser('application/octet-stream', (request, _payload, done) => {
    const config: object = request.routeOptions.config;
    if ('readsRawBody' in config) done(null);
    else done(new UnsupportedMediaTypeException());
  });
}

export function hasRawBody(request: FastifyRequest): boolean {
  return request.headers['content-type']?.split(';')[0]!.trim().toLowerCase() === 'application/octet-stream';
}

/** The body as it arrives. Whoever stops reading destroys it: the client can read the answer all the same. */
export function rawBodyOf({ raw }: FastifyRequest): Readable {
  const content = new PassThrough();
  raw.once('error', (error) => content.destroy(error));
  raw.once('close', () => {
    if (!raw.complete) content.destroy(new Error('The client went away.'));
  });
  content.once('close', () => discardRest(raw));
  return raw.pipe(content);
}
