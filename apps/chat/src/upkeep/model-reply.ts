import { type ChatModels, type ChatRequest } from '@parley/llm';

const MAX_CHARACTERS = 16_384;

/** A short reply in one piece. @throws DomainError when the provider fails, and the signal's reason */
export async function modelReply(models: ChatModels, request: ChatRequest, signal: AbortSignal): Promise<string> {
  let text = '';
  for await (const chunk of models.stream(request, signal)) {
    if (chunk.type === 'text' && text.length < MAX_CHARACTERS) text += chunk.text;
  }
  signal.throwIfAborted();
  return text;
}
