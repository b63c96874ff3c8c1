export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** Names are those of OpenTelemetry's semantic conventions, or `parley.…`. Never what people wrote, never a secret. */
export type SpanAttributes = Record<string, string | number | boolean | undefined>;

export interface SpanOptions {
  kind?: SpanKind;
  attributes?: SpanAttributes;
  /** W3C trace contexts of spans that led here beside the parent; what is none is left out. */
  links?: readonly (string | null | undefined)[];
  /** Default: now. */
  startedAt?: Date;
}

/** A piece of work in a trace. Its name is one of a bounded set: what varies goes into attributes. */
export interface Span {
  /** W3C trace context, for whoever goes on with the trace elsewhere. */
  readonly traceparent: string;
  child(name: string, options?: SpanOptions): Span;
  set(attributes: SpanAttributes): void;
  /** Marks the work as failed, by the kind of the error alone: a message may hold what a person wrote. */
  fail(error: unknown): void;
  /** A second end changes nothing. */
  end(): void;
}
