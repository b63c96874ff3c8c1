import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { requestScope } from '../request-scope.js';
import { crash, reportError, useErrorReporter } from './error-reports.js';
import { createSentryReporter } from './sentry.reporter.js';
import { scrubbed } from './scrubbed.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SCOPE = { requestId: 'req-1', tenantId: 'tenant-1', traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` };

describe('Reports of errors', () => {
  let ingest: Server;
  let isHanging: boolean;
  const bodies: string[] = [];

  beforeEach(async () => {
    isHanging = false;
    bodies.length = 0;
    ingest = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        bodies.push(`${request.url}\n${body}`);
        if (!isHanging) response.end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(ingest, 'listening');
  });
  afterEach(() => {
    useErrorReporter(null);
    ingest.close();
    ingest.closeAllConnections();
  });

  function sentry() {
    const { port } = ingest.address() as AddressInfo;
    const reporter = createSentryReporter({ dsn: `http://public@127.0.0.1:${port}/7`, environment: 'test' });
    useErrorReporter(reporter);
    return reporter;
  }

  it('name kind, place, trace and request, and nothing that a person wrote', async () => {
    const reporter = sentry();
    const error = Object.assign(new TypeError('Cannot read "my secret plan" of ann@example.com'), {
      query: 'insert …',
      parameters: ['what Ann wrote'],
      cause: new Error('what Ann wrote'),
    });
    requestScope.run(SCOPE, () => reportError(error, { app: 'gateway', code: 'internal_error', route: '/v1/files' }));
    await reporter.flush(2_000);
    expect(bodies).toHaveLength(1);
    const [url, , , event] = bodies[0]!.split('\n');
    expect(url).toMatch(/^\/api\/7\/envelope\//);
    expect(JSON.parse(event!)).toMatchObject({
      environment: 'test',
      contexts: { trace: { trace_id: TRACE_ID, span_id: 'b7ad6b7169203331' } },
      tags: { app: 'gateway', code: 'internal_error', route: '/v1/files', request_id: 'req-1' },
      exception: {
        values: [
          {
            type: 'TypeError',
            value: 'Cannot read "…" of …@…',
            stacktrace: { frames: expect.arrayContaining([expect.objectContaining({ lineno: expect.any(Number) })]) },
          },
        ],
      },
    });
    for (const secret of ['secret plan', 'ann@', 'Ann wrote', 'tenant-1', 'insert'])
      expect(bodies[0]).not.toContain(secret);
  });

  it('are bounded, and harm nobody when the other side hangs', async () => {
    isHanging = true;
    const reporter = sentry();
    for (let count = 0; count < 500; count++) reportError(new Error('again'), { app: 'chat' });
    await reporter.flush(200);
    expect(bodies.length).toBeLessThanOrEqual(16);
  });

  it('come before the end of a process that dies', async () => {
    const flush = jest.fn(async () => undefined);
    const report = jest.fn();
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    useErrorReporter({ report, flush });
    const exit = jest.fn();
    jest.spyOn(performance, 'now').mockReturnValue(1e12);
    await crash(new Error('over'), 'memory', exit);
    jest.restoreAllMocks();
    expect(report).toHaveBeenCalledWith(expect.any(Error), expect.objectContaining({ app: 'memory' }));
    expect(flush.mock.invocationCallOrder[0]).toBeLessThan(exit.mock.invocationCallOrder[0]!);
    expect(written).toBeDefined();
  });

  it.each([
    ['invalid input syntax for type uuid: "Ann"', 'invalid input syntax for type uuid: "…"'],
    ['key sk-abcdefgh12345 of 4111111111111111', 'key … of …'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED 127.0.0.1:5432'],
  ])('keep of a message what it does not quote: %s', (message, kept) => {
    expect(scrubbed(message)).toBe(kept);
  });
});
