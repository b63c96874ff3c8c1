import { requestScope, type Tracing } from '@parley/observability';
import { type FastifyInstance } from 'fastify';
import { routeOf, SCRAPED } from './http-metrics.hook.js';

/**
 * A span for every request, from its first byte to the last of its response: that of a stream ends with the stream. The
 * path is not told, because it may hold what a client chose.
 */
export function installHttpTracing(fastify: FastifyInstance, tracing: Tracing): void {
  if (!tracing.isOn) return;
  fastify.addHook('onRequest', (request, reply, done) => {
    const route = routeOf(request);
    if (SCRAPED.test(route)) return done();
    const { method, id, protocol } = request;
    const scope = tracing.begin(request.scope ?? { requestId: id }, `${method} ${route}`, {
      kind: 'server',
      attributes: {
        'http.request.method': method,
        'http.route': route,
        'url.scheme': protocol,
        'parley.request.id': id,
      },
    });
    request.scope = scope;
    // `close` also comes for responses that a handler writes itself and for clients that go away.
    reply.raw.once('close', () => {
      const { statusCode, writableFinished } = reply.raw;
      scope.span?.set({
        'http.response.status_code': statusCode,
        'parley.tenant.id': request.principal?.tenant.tenantId,
        ...(writableFinished ? {} : { 'parley.client_left': true }),
      });
      if (statusCode >= 500) scope.span?.fail(Object.assign(new Error(), { code: String(statusCode) }));
      scope.span?.end();
    });
    requestScope.run(scope, done);
  });
}
