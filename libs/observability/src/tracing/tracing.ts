import { type OnApplicationShutdown } from '@nestjs/common';
import { requestScope, type RequestScopeFields } from '../request-scope.js';
import { type SpanOptions } from './span.js';
import { inSpan, scopeWith } from './traced.js';
import { type Tracer, type TracingOptions } from './tracer.js';
// Here, so that the metric is known before the SDK is loaded.
import './tracing-metrics.js';

export interface BeginOptions extends SpanOptions {
  /** Begins no trace of its own: without a trace that goes on nothing is recorded. */
  onlyContinues?: boolean;
}

/**
 * Where traces begin or come in from outside: requests, messages. What is done in their course joins by `traced`, which
 * finds the span in the request's scope. While tracing is off, scopes have no span and all of it costs a look at the scope.
 */
export class Tracing implements OnApplicationShutdown {
  static readonly off = new Tracing(null);

  private constructor(private readonly tracer: Tracer | null) {}

  static of(tracer: Tracer): Tracing {
    return new Tracing(tracer);
  }

  static async start(options: TracingOptions): Promise<Tracing> {
    const { startTracer } = await import('./otel-tracer.js');
    return new Tracing(startTracer(options));
  }

  get isOn(): boolean {
    return this.tracer !== null;
  }

  /**
   * A scope for work that goes on with the trace of `scope`, or begins one. Whoever begins it ends its span.
   * @returns the scope as it is while tracing is off
   */
  begin(
    scope: RequestScopeFields,
    name: string,
    { onlyContinues = false, ...options }: BeginOptions,
  ): RequestScopeFields {
    const isWanted = this.tracer !== null && (scope.traceparent !== undefined || !onlyContinues);
    if (!isWanted) return scope;
    const span = this.tracer.start(name, options, scope.traceparent);
    return 'end' in span ? scopeWith(span, scope) : { ...scope, traceparent: span.traceparent };
  }

  /** Does work in a scope, as a span where one is wanted. */
  run<T>(scope: RequestScopeFields, name: string, options: BeginOptions, work: () => Promise<T>): Promise<T> {
    const begun = this.begin(scope, name, options);
    return begun.span && begun.span !== scope.span ? inSpan(begun.span, begun, work) : requestScope.run(begun, work);
  }

  /** Sends what is left, for no longer than a moment. */
  async onApplicationShutdown(): Promise<void> {
    await this.tracer?.close();
  }
}
