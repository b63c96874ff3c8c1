import { Logger } from '@nestjs/common';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import { type TracingOptions } from './tracer.js';
import { spansExported } from './tracing-metrics.js';

const SUCCESS = 0;
const WARN_EVERY_MS = 60_000;

/** Sends spans to a collector. One that fails loses spans and is told of once a minute; nothing else comes of it. */
export function createExporter({ endpoint, protocol, headers }: TracingOptions, timeoutMillis: number): SpanExporter {
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  return new WatchedExporter(new Exporter({ url, timeoutMillis, ...(headers && { headers }) }));
}

class WatchedExporter implements SpanExporter {
  readonly #logger = new Logger('Tracing');
  #warnedAt = -Infinity;

  constructor(private readonly exporter: SpanExporter) {}

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.exporter.export(spans, (result) => {
      const hasSucceeded = result.code === SUCCESS;
      spansExported(spans.length, hasSucceeded ? 'sent' : 'failed');
      if (!hasSucceeded) this.#warn(result.error);
      done(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.exporter.forceFlush?.();
  }

  #warn(error: Error | undefined): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    this.#logger.warn(`Traces could not be sent: ${error?.message ?? 'the collector refused them'}`);
  }
}
