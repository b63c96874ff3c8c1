import { type ChatMessage as ReceivedMessage, type GenerationOptions } from '@parley/contracts';
import { type ChatMessage, type ChatRequest } from '@parley/llm';

export type ProviderOptions = Omit<ChatRequest, 'model' | 'messages' | 'passages'>;

/** A client's message as providers take it. The shape of content parts was checked where the request came in. */
export function toProviderMessage({ role, content, toolCalls, toolCallId }: ReceivedMessage): ChatMessage {
  return {
    role,
    content: (content ?? '') as ChatMessage['content'],
    ...(toolCalls && {
      toolCalls: toolCalls.map((call) => ({
        id: call.id,
        name: call.function.name,
        arguments: call.function.arguments,
      })),
    }),
    ...(toolCallId !== undefined && { toolCallId }),
  };
}

/** What the request asks for, else what the assistant is set to; the provider knows the configured defaults. */
export function toProviderOptions(
  options: GenerationOptions,
  assistant: { temperature: number | null; maxOutputTokens: number | null } | null,
): ProviderOptions {
  return {
    ...options,
    temperature: options.temperature ?? assistant?.temperature ?? undefined,
    maxOutputTokens: options.maxOutputTokens ?? assistant?.maxOutputTokens ?? undefined,
  } as ProviderOptions;
}
