import { requestScope, type RequestScopeFields } from '../request-scope.js';
import { type Span, type SpanOptions } from './span.js';

/** The span that is under way; undefined while nothing is traced. */
export function currentSpan(): Span | undefined {
  return requestScope.current?.span;
}

/**
 * Does a piece of work as a span of the trace that is under way; without one it is done and nothing else.
 * @example await traced('parse', { attributes: { 'parley.document.id': id } }, () => parse(file))
 */
export function traced<T>(name: string, options: SpanOptions, work: (span?: Span) => Promise<T>): Promise<T> {
  const scope = requestScope.current;
  return scope?.span ? inSpan(scope.span.child(name, options), scope, work) : work();
}

/** The same for a stream: the span ends with it, however that comes about, and each of its steps is part of the span. */
export function tracedStream<T>(
  name: string,
  options: SpanOptions,
  open: (span?: Span) => AsyncIterable<T>,
): AsyncIterable<T> {
  const scope = requestScope.current;
  return scope?.span ? streamInSpan(name, options, { ...scope, span: scope.span }, open) : open();
}

/** What went on for so long until now, as a span of the trace that is under way. */
export function recordSpan(name: string, milliseconds: number): void {
  const span = currentSpan();
  span?.child(name, { startedAt: new Date(Date.now() - milliseconds) }).end();
}

/** Does a piece of work as this span, and ends it. */
export async function inSpan<T>(span: Span, scope: RequestScopeFields, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await requestScope.run(scopeWith(span, scope), () => work(span));
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

export function scopeWith(span: Span, scope: RequestScopeFields): RequestScopeFields {
  return { ...scope, span, traceparent: span.traceparent };
}

async function* streamInSpan<T>(
  name: string,
  options: SpanOptions,
  scope: RequestScopeFields & { span: Span },
  open: (span: Span) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const span = scope.span.child(name, options);
  const within = scopeWith(span, scope);
  const steps = requestScope.run(within, () => open(span)[Symbol.asyncIterator]());
  try {
    for (;;) {
      const step = await requestScope.run(within, () => steps.next());
      if (step.done === true) return;
      yield step.value;
    }
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    await requestScope.run(within, () => steps.return?.());
    span.end();
  }
}
