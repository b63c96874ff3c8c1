import { currentSpan, type SpanAttributes, type SpanOptions } from '@parley/observability';
import { type Usage } from './chat-provider.js';
import { type LlmCall, type LlmOperation } from './llm-observer.js';

/** Semantic conventions of OpenTelemetry for generative AI. */
const OPERATIONS: Record<LlmOperation, string> = { chat: 'chat', embedding: 'embeddings', speech: 'generate_speech' };

/** Of a call to a provider. A model may be named by a client, so it is not in the span's name. */
export function spanOf({ operation, provider, model }: LlmCall): [string, SpanOptions] {
  const name = OPERATIONS[operation];
  const attributes = {
    'gen_ai.operation.name': name,
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': model,
  };
  return [name, { kind: 'client', attributes }];
}

export function usageAttributes({ promptTokens, completionTokens }: Usage): SpanAttributes {
  return { 'gen_ai.usage.input_tokens': promptTokens, 'gen_ai.usage.output_tokens': completionTokens };
}

/** Lets a provider that traces, as vLLM does, go on with the trace; nothing is sent while nothing is traced. */
export function traceHeaders(): { headers?: Record<string, string> } {
  const span = currentSpan();
  return span ? { headers: { traceparent: span.traceparent } } : {};
}
