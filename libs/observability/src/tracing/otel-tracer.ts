import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  type Tracer as OtelTracerApi,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { hostname } from 'node:os';
import { VERSION } from '../version.js';
import { errorType } from './error-type.js';
import { type Span, type SpanKind, type SpanOptions } from './span.js';
import { createExporter } from './span-exporter.js';
import { formatTraceparent, parseTraceparent } from './trace-context.js';
import { type Tracer, type TracingOptions } from './tracer.js';

/** Ended spans that wait; what comes on top is dropped. */
const MAX_QUEUED = 4_096;
const MAX_BATCH = 512;
const EVERY_MS = 2_000;
/** What one batch gets, and at the end of the process all of them. */
const EXPORT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
const MAX_ATTRIBUTE_CHARACTERS = 2_000;

const KINDS: Record<SpanKind, OtelKind> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
};

/** The SDK of OpenTelemetry without its global state: several apps may share a process, each a service of its own. */
export function startTracer(options: TracingOptions): Tracer {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName ?? `parley-${options.app}`,
      'service.namespace': 'parley',
      'service.version': VERSION,
      'service.instance.id': `${hostname()}:${process.pid}:${options.app}`,
      ...(options.environment === undefined ? {} : { 'deployment.environment.name': options.environment }),
    }),
    sampler: samplerOf(options),
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_CHARACTERS, attributeCountLimit: 64, linkCountLimit: 8 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: createExporter(options, EXPORT_TIMEOUT_MS),
        maxQueueSize: MAX_QUEUED,
        maxExportBatchSize: MAX_BATCH,
        scheduledDelayMillis: EVERY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer(`parley.${options.app}`, VERSION);
  return {
    start: (name, spanOptions, parent) => {
      const context = remoteContext(parent) ?? ROOT_CONTEXT;
      const span = startSpan(tracer, name, spanOptions, context);
      return span.isRecording() ? new RecordedSpan(tracer, span) : { traceparent: traceparentOf(span) };
    },
    close: () => within(CLOSE_TIMEOUT_MS, provider.shutdown()),
  };
}

class RecordedSpan implements Span {
  readonly traceparent: string;

  constructor(
    private readonly tracer: OtelTracerApi,
    private readonly span: OtelSpan,
  ) {
    this.traceparent = traceparentOf(span);
  }

  child(name: string, options: SpanOptions = {}): Span {
    const context = trace.setSpan(ROOT_CONTEXT, this.span);
    return new RecordedSpan(this.tracer, startSpan(this.tracer, name, options, context));
  }

  set(attributes: Attributes): void {
    this.span.setAttributes(attributes);
  }

  fail(error: unknown): void {
    this.span.setAttribute('error.type', errorType(error));
    this.span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    if (this.span.isRecording()) this.span.end();
  }
}

function startSpan(
  tracer: OtelTracerApi,
  name: string,
  { kind = 'internal', attributes, links = [], startedAt }: SpanOptions,
  context: Context,
): OtelSpan {
  const spanLinks = links.flatMap((traceparent): Link[] => {
    const linked = parseTraceparent(traceparent);
    return linked ? [{ context: { traceId: linked.traceId, spanId: linked.spanId, traceFlags: linked.flags } }] : [];
  });
  return tracer.startSpan(
    name,
    {
      kind: KINDS[kind],
      ...(attributes && { attributes }),
      ...(spanLinks.length > 0 && { links: spanLinks }),
      ...(startedAt && { startTime: startedAt }),
    },
    context,
  );
}

function remoteContext(traceparent: string | undefined): Context | undefined {
  const parent = parseTraceparent(traceparent);
  if (!parent) return undefined;
  const { traceId, spanId, flags: traceFlags } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function traceparentOf(span: OtelSpan): string {
  const { traceId, spanId, traceFlags: flags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, flags });
}

function samplerOf({ sampler, samplerRatio }: TracingOptions): Sampler {
  const isParentBased = sampler.startsWith('parentbased_');
  const root = rootSampler(sampler.replace('parentbased_', ''), samplerRatio);
  return isParentBased ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}

/** A collector that does not answer must not keep a process from stopping. */
async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([work.catch(() => undefined), tooLate]).finally(() => clearTimeout(timer));
}
