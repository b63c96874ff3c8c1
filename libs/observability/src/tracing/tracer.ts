import { type Span, type SpanOptions } from './span.js';

type RootSampler = 'always_on' | 'always_off' | 'traceidratio';

export interface TracingOptions {
  /** Of the app, such as `chat`. */
  app: string;
  /** Default: `parley-` and the app. */
  serviceName?: string | undefined;
  environment?: string | undefined;
  /** Base address of a collector; `/v1/traces` is added. */
  endpoint: string;
  protocol: 'http/protobuf' | 'http/json';
  headers?: Record<string, string> | undefined;
  sampler: RootSampler | `parentbased_${RootSampler}`;
  /** From 0 to 1, for the samplers of a ratio. */
  samplerRatio: number;
}

/** What begins traces and sends them; the SDK is behind it, and loaded only when traces are wanted. */
export interface Tracer {
  /** @returns the trace context alone where the sampler wants no span */
  start(name: string, options: SpanOptions, parent: string | undefined): Span | { readonly traceparent: string };
  close(): Promise<void>;
}
