import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError } from '@parley/contracts';
import {
  type BreakerState,
  type ChatChunk,
  ChatProvider,
  type ChatRequest,
  type ProviderLoad,
} from '../chat-provider.js';
import { type LlmObserver } from '../llm-observer.js';
import { meteredRun } from '../metered-run.js';
import { countRequestTokens } from '../tokens/message-tokens.js';
import { countTokens, truncateToTokens } from '../tokens/tokenizer.js';
import { extractAnswer } from './extractive-answer.js';

export const BUILTIN_CHAT_MODEL = 'parley-extractive';

const NOTHING_FOUND = 'I found nothing about this in the attached documents.';
const MAX_RESTATED_LENGTH = 120;
/** A word, or a piece of a text without spaces. */
const WORDS = /\s*\S{1,16}/gu;

/**
 * Answers without a language model: with sentences of the retrieved passages, or by saying that it cannot. For trying
 * Parley and for tests.
 */
export class BuiltinChatProvider extends ChatProvider {
  readonly name = 'builtin';
  readonly state: BreakerState = 'closed';
  readonly load: ProviderLoad = { active: 0, queued: 0 };

  constructor(private readonly observer: LlmObserver = {}) {
    super();
  }

  models(): Promise<string[]> {
    return Promise.resolve([BUILTIN_CHAT_MODEL]);
  }

  speak(): AsyncIterable<Uint8Array> {
    throw new DomainError('unsupported_parameter', 'The built-in provider cannot speak.', { param: 'model' });
  }

  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatChunk> {
    const call = { operation: 'chat', provider: this.name, model: request.model } as const;
    return meteredRun(answer(request, signal), { call, request, signal, observer: this.observer });
  }
}

async function* answer(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatChunk> {
  assertSupported(request);
  const full = compose(request);
  const text = request.maxOutputTokens === undefined ? full : truncateToTokens(full, request.maxOutputTokens);
  for (const [word] of text.matchAll(WORDS)) {
    await nextTurn();
    signal.throwIfAborted();
    yield { type: 'text', text: word };
  }
  yield { type: 'finish', finishReason: text === full ? 'stop' : 'length' };
  const promptTokens = countRequestTokens(request);
  yield { type: 'usage', usage: { promptTokens, completionTokens: countTokens(text), estimated: false } };
}

function assertSupported({ model, responseFormat, toolChoice }: ChatRequest): void {
  if (model !== BUILTIN_CHAT_MODEL) {
    throw new DomainError(
      'model_not_found',
      `No language model is configured, so there is only ${BUILTIN_CHAT_MODEL}.`,
      {
        param: 'model',
      },
    );
  }
  if (responseFormat && responseFormat.type !== 'text') throw unsupported('response_format');
  if (toolChoice === 'required' || typeof toolChoice === 'object') throw unsupported('tool_choice');
}

function unsupported(param: string): DomainError {
  return new DomainError('unsupported_parameter', `The built-in provider cannot serve this ${param}.`, { param });
}

function compose(request: ChatRequest): string {
  const question = questionOf(request);
  if (request.passages) return extractAnswer(question, request.passages) ?? NOTHING_FOUND;
  const restated =
    question.length > MAX_RESTATED_LENGTH ? `${question.slice(0, MAX_RESTATED_LENGTH).trimEnd()}…` : question;
  return (
    `No language model is configured, so I cannot answer “${restated}”. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a ` +
    'server of your own that speaks the OpenAI protocol, and restart. Without one I can only quote from attached documents.'
  );
}

/** The last thing the user said. */
function questionOf({ messages }: ChatRequest): string {
  const content = messages.findLast((message) => message.role === 'user')?.content ?? '';
  const text =
    typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
  return text.replace(/\s+/g, ' ').trim();
}
