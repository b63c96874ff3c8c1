import { type IncomingMessage } from 'node:http';
import { parseTraceparent, requestScope, type RequestScopeFields } from '@parley/observability';
import { type FastifyInstance } from 'fastify';
import { v7 as uuidv7 } from 'uuid';

declare module 'fastify' {
  interface FastifyRequest {
    scope?: RequestScopeFields;
  }
}

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The caller's `x-request-id` when it is safe to log and to pass on, a new uuid otherwise. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : uuidv7();
}

function traceparentOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const given = headers['traceparent'];
  return typeof given === 'string' && parseTraceparent(given) ? given : undefined;
}

/** Everything a request causes runs in its scope, and every response names its id. */
export function installRequestScope(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    request.scope = { requestId: request.id, traceparent: traceparentOf(request.raw) };
    // On the raw response too: a handler that takes the socket over does not see the reply's headers.
    reply.raw.setHeader('x-request-id', request.id);
    requestScope.run(request.scope, done);
  });
  // A body is read in callbacks of the socket, which are outside of the scope.
  fastify.addHook('preValidation', (request, _reply, done) => {
    requestScope.run(request.scope ?? { requestId: request.id }, done);
  });
}
