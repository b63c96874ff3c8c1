import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { errorResponseFor } from './error-response.js';
import { faultOf } from './fault.js';
import { installHttpMetrics } from './http-metrics.hook.js';
import { type HttpConfig } from './http.config.js';
import { BODY_LIMIT_BYTES, installJsonBody } from './json-body.js';
import { pathOf } from './request-path.js';
import { installRequestScope, requestIdOf } from './request-scope.hook.js';
import { RouteTable } from './route-table.js';
import { answerUnreadable } from './unreadable-request.js';

/** How long a client may take to send a request, uploads included; the response is not bounded by it. */
const REQUEST_TIMEOUT_MS = 600_000;

/** The server with what must be there before the first route and plugin. */
export function createFastifyAdapter({ trustedProxies }: Pick<HttpConfig, 'trustedProxies'>): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: requestIdOf,
    requestIdHeader: false,
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerUnreadable,
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    return503OnClosing: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    logger: false,
  });
  const fastify = adapter.getInstance();
  RouteTable.install(fastify);
  installRequestScope(fastify);
  installHttpMetrics(fastify);
  installJsonBody(adapter);
  return adapter;
}

/** A path that cannot be decoded is refused before any hook or filter runs. */
function answerUnroutable(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const fault = faultOf(error);
  const { headers, body } = errorResponseFor(pathOf(request), request.id, fault);
  void reply
    .code(fault.status)
    .headers({ ...headers, 'x-request-id': request.id })
    .send(body);
}
