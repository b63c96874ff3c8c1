import { type ModelOrigin, type Usage } from '@parley/contracts';
import { type ChatModels, type ChatRequest } from '@parley/llm';
import { addUsage, usageFromProvider } from '../runs/usage.js';

const MAX_CHARACTERS = 16_384;

export interface ReplyOptions {
  signal: AbortSignal;
  /** Told once what the reply has used, whichever way it ends; not when nobody began to reply. */
  charge: (origin: ModelOrigin, usage: Usage) => Promise<void>;
}

/** A short reply in one piece. @throws DomainError when the provider fails, and the signal's reason */
export async function modelReply(
  models: ChatModels,
  request: ChatRequest,
  { signal, charge }: ReplyOptions,
): Promise<string> {
  let text = '';
  let origin: ModelOrigin | null = null;
  let usage: Usage | null = null;
  try {
    for await (const chunk of models.stream(request, signal)) {
      if (chunk.type === 'origin') origin = chunk.origin;
      if (chunk.type === 'text' && text.length < MAX_CHARACTERS) text += chunk.text;
      if (chunk.type === 'usage') usage = addUsage(usage, usageFromProvider(chunk.usage, chunk.costMicros ?? null));
    }
  } finally {
    if (origin && usage) await charge(origin, usage);
  }
  signal.throwIfAborted();
  return text;
}
