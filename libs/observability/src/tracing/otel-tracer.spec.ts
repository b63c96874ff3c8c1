import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTracer } from './otel-tracer.js';
import { parseTraceparent } from './trace-context.js';
import { type TracingOptions } from './tracer.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const sampled = (flags: '00' | '01') => `00-${TRACE_ID}-b7ad6b7169203331-${flags}`;

describe('The tracer of OpenTelemetry', () => {
  let server: Server | undefined;

  beforeAll(() => Logger.overrideLogger(false));
  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
  });

  function tracer(options: Partial<TracingOptions> = {}) {
    return startTracer({
      app: 'spec',
      endpoint: 'http://127.0.0.1:1',
      protocol: 'http/protobuf',
      sampler: 'parentbased_always_on',
      samplerRatio: 1,
      ...options,
    });
  }

  it('goes on with a trace as W3C has it', async () => {
    const traces = tracer();
    const span = traces.start('request', {}, sampled('01'));
    const context = parseTraceparent(span.traceparent);
    expect(context).toEqual({ traceId: TRACE_ID, spanId: expect.stringMatching(/^[0-9a-f]{16}$/), flags: 1 });
    expect(context?.spanId).not.toBe('b7ad6b7169203331');
    expect(parseTraceparent('child' in span ? span.child('step').traceparent : undefined)?.traceId).toBe(TRACE_ID);
    await traces.close();
  });

  it('keeps out what its caller did not sample, or its own sampler does not', () => {
    expect('end' in tracer().start('request', {}, sampled('00'))).toBe(false);
    expect('end' in tracer({ sampler: 'always_on' }).start('request', {}, sampled('00'))).toBe(true);
    const none = tracer({ sampler: 'parentbased_traceidratio', samplerRatio: 0 });
    expect('end' in none.start('request', {}, undefined)).toBe(false);
    expect('end' in none.start('request', {}, sampled('01'))).toBe(true);
    expect('end' in tracer({ sampler: 'always_off' }).start('request', {}, sampled('01'))).toBe(false);
  });

  it('speaks protobuf to the collector, with its headers', async () => {
    const heard: unknown[] = [];
    server = createServer((request, response) => {
      heard.push([request.url, request.headers['content-type'], request.headers['x-key']]);
      request.resume().on('end', () => response.end());
    });
    const traces = tracer({ endpoint: await listening(server), headers: { 'x-key': 'k' } });
    const span = traces.start('request', {}, undefined);
    if ('end' in span) span.end();
    await traces.close();
    expect(heard).toEqual([['/v1/traces', 'application/x-protobuf', 'k']]);
  });

  it('stops in time though the collector never answers, and holds a bounded number of spans', async () => {
    server = createServer((request) => void request.resume());
    const traces = tracer({ endpoint: await listening(server) });
    for (let at = 0; at < 20_000; at++) {
      const span = traces.start('request', {}, undefined);
      if ('end' in span) span.end();
    }
    await expect(traces.close()).resolves.toBeUndefined();
  });
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
