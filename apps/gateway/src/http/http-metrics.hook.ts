import { Logger } from '@nestjs/common';
import { counter, gauge, histogram, requestScope } from '@parley/observability';
import { type FastifyInstance, type FastifyRequest } from 'fastify';

const UNMATCHED = 'unmatched';
/** Routes that machines ask every few seconds. */
export const SCRAPED = /^(\/api)?(\/status)?\/(health|metrics)(\/|$)/;

const requests = counter('http_requests_total', 'HTTP requests answered', ['method', 'route', 'status']);
const durations = histogram(
  'http_request_duration_seconds',
  'From the first byte of a request to the last of its response',
  ['method', 'route', 'status'],
);
const inProgress = gauge('http_requests_in_progress', 'HTTP requests being worked on', ['method', 'route']);

/** Counts and logs every request under its route's template: a raw path would make a time series of every id. */
export function installHttpMetrics(fastify: FastifyInstance): void {
  const logger = new Logger('Http');

  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    const labels = { method: request.method, route: routeOf(request) };
    inProgress.inc(labels);
    // `close` also comes for responses that a handler writes itself and for clients that go away.
    reply.raw.once('close', () => {
      const durationMs = performance.now() - startedAt;
      const status = reply.raw.writableFinished ? String(reply.raw.statusCode) : 'aborted';
      inProgress.dec(labels);
      requests.inc({ ...labels, status });
      durations.observe({ ...labels, status }, durationMs / 1_000);
      if (SCRAPED.test(labels.route)) return;
      requestScope.run(request.scope ?? { requestId: request.id }, () =>
        logger.log({ msg: 'request', ...labels, status, durationMs: Math.round(durationMs) }),
      );
    });
    done();
  });
}

/** The template of the route that a request goes to. */
export function routeOf(request: FastifyRequest): string {
  return request.is404 ? UNMATCHED : (request.routeOptions.url ?? UNMATCHED);
}
