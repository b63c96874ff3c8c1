import { type ChatMessage, DomainError, type GenerationOptions, type Metadata, parseId } from '@parley/contracts';
import { type RunRequest } from '../runs/run.client.js';
import { modelChoice } from '../models/model-choice.js';
import { type CompletionBody, type SamplingBody } from './completion.request.js';
import { type CompletionMessageBody } from './completion-message.request.js';
import { completionRecord } from './completion-record.js';
import { assertSupported } from './supported.js';
import { runTools } from './tools.js';

/**
 * A chat completion request as the chat service is asked for it.
 * @throws DomainError `unsupported_parameter`, `invalid_request`, `model_not_found`, `not_found`, all naming the field
 */
export function runRequest(body: CompletionBody): RunRequest {
  assertSupported(body);
  const { retrieval, generation } = runTools(body);
  const { conversation_id: fromMetadata, ...metadata } = body.metadata ?? {};
  return {
    ...modelChoice(body.model),
    ...conversation(body.conversation_id, fromMetadata),
    messages: body.messages.map(chatMessage),
    ...(retrieval ? { retrieval } : {}),
    generation: { ...sampling(body), ...generation },
    store: body.store ?? true,
    ...completionRecord(body),
    metadata: metadata as Metadata,
  };
}

/** Clients that can send no field of their own send the conversation among the metadata. */
function conversation(field: string | null | undefined, fromMetadata: string | undefined): { conversationId?: string } {
  const text = field ?? fromMetadata ?? null;
  if (text === null) return {};
  const conversationId = parseId('conversation', text);
  if (conversationId !== null) return { conversationId };
  throw DomainError.notFound('conversation', field ? 'conversation_id' : 'metadata.conversation_id');
}

function chatMessage({ role, content, tool_calls, tool_call_id }: CompletionMessageBody): ChatMessage {
  return {
    role,
    content: content ?? null,
    ...(tool_calls?.length ? { toolCalls: tool_calls } : {}),
    ...(tool_call_id === undefined ? {} : { toolCallId: tool_call_id }),
  };
}

function sampling(body: SamplingBody): GenerationOptions {
  const stop = typeof body.stop === 'string' ? [body.stop] : body.stop;
  return present({
    temperature: body.temperature,
    topP: body.top_p,
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
    stop: stop?.length ? stop : null,
    seed: body.seed,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    responseFormat: body.response_format ? { ...body.response_format } : null,
    reasoningEffort: body.reasoning_effort,
  });
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => (value ?? null) !== null)) as Present<T>;
}
