import { describe, expect, it } from '@jest/globals';
import { requestScope } from '../request-scope.js';
import { type Span, type SpanOptions } from './span.js';
import { recordSpan, traced, tracedStream } from './traced.js';
import { Tracing } from './tracing.js';

interface Recorded extends SpanOptions {
  name: string;
  parent: string | undefined;
  ends: number;
  failure?: unknown;
}

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** Keeps what it is told; the trace context of a span is its name. */
function recordingTracing(samples: (name: string) => boolean = () => true) {
  const spans: Recorded[] = [];
  const record = (name: string, options: SpanOptions, parent: string | undefined): Span => {
    const span: Recorded = { ...options, name, parent, ends: 0 };
    spans.push(span);
    return {
      traceparent: name,
      child: (childName, childOptions = {}) => record(childName, childOptions, name),
      set: (attributes) => void (span.attributes = { ...span.attributes, ...attributes }),
      fail: (error) => void (span.failure = error),
      end: () => void span.ends++,
    };
  };
  const tracing = Tracing.of({
    start: (name, options, parent) =>
      samples(name) ? record(name, options, parent) : { traceparent: `${name} unsampled` },
    close: async () => undefined,
  });
  return { spans, tracing };
}

describe('Tracing', () => {
  it('goes on with the trace that came, and what is done in its course are its children', async () => {
    const { spans, tracing } = recordingTracing();
    const seen: (string | undefined)[] = [];
    await tracing.run({ requestId: 'r', traceparent: PARENT }, 'request', { kind: 'server' }, async () => {
      seen.push(requestScope.traceparent);
      await traced('step', {}, () => traced('deeper', {}, async () => void seen.push(requestScope.traceparent)));
      recordSpan('measured', 12);
      seen.push(requestScope.traceparent);
    });
    expect(spans.map(({ name, parent, ends }) => [name, parent, ends])).toEqual([
      ['request', PARENT, 1],
      ['step', 'request', 1],
      ['deeper', 'step', 1],
      ['measured', 'request', 1],
    ]);
    expect(seen).toEqual(['request', 'deeper', 'request']);
  });

  it('leaves everything as it is while it is off', async () => {
    const scope = { requestId: 'r', traceparent: PARENT };
    expect(Tracing.off.begin(scope, 'request', {})).toBe(scope);
    const stream = readable([1]);
    const result = await Tracing.off.run(scope, 'request', {}, () => traced('step', {}, async (span) => span));
    expect(result).toBeUndefined();
    expect(tracedStream('stream', {}, () => stream)).toBe(stream);
  });

  it('records nothing beneath what the sampler leaves out, and tells others so', async () => {
    const { spans, tracing } = recordingTracing(() => false);
    const told = await tracing.run({ requestId: 'r' }, 'request', {}, () =>
      traced('step', {}, async () => requestScope.traceparent),
    );
    expect([told, spans]).toEqual(['request unsampled', []]);
  });

  it('begins no trace where one is only to be gone on with', () => {
    const { tracing } = recordingTracing();
    const begin = (traceparent?: string) =>
      tracing.begin({ requestId: 'r', traceparent }, 'check', { onlyContinues: true }).span;
    expect(begin()).toBeUndefined();
    expect(begin(PARENT)).toBeDefined();
  });

  it('marks what failed, and lets the error through', async () => {
    const { spans, tracing } = recordingTracing();
    const error = new Error('no');
    const failing = tracing.run({ requestId: 'r' }, 'request', {}, () =>
      traced('step', {}, () => Promise.reject(error)),
    );
    await expect(failing).rejects.toBe(error);
    expect(spans.map(({ failure, ends }) => [failure, ends])).toEqual([
      [error, 1],
      [error, 1],
    ]);
  });

  it('ends the span of a stream with the stream, also when its reader leaves', async () => {
    const { spans, tracing } = recordingTracing();
    await tracing.run({ requestId: 'r' }, 'request', {}, async () => {
      const inside: (string | undefined)[] = [];
      const open = () => readable([1, 2], () => inside.push(requestScope.traceparent));
      for await (const item of tracedStream('whole', {}, open)) expect([item, spans.at(-1)?.ends]).toEqual([item, 0]);
      for await (const item of tracedStream('left', {}, open)) if (item === 1) break;
      expect(inside).toEqual(['whole', 'whole', 'left']);
    });
    expect(spans.map(({ name, ends }) => [name, ends])).toEqual([
      ['request', 1],
      ['whole', 1],
      ['left', 1],
    ]);
  });
});

async function* readable(items: number[], onItem?: () => void): AsyncGenerator<number> {
  for (const item of items) {
    onItem?.();
    yield item;
  }
}
