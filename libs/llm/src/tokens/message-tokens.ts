import { type ChatMessage, type ChatRequest, type ContentPart } from '../chat-provider.js';
import { countTokens } from './tokenizer.js';

/** What OpenAI's chat format adds: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken */
const TOKENS_PER_MESSAGE = 3;
const TOKENS_PER_NAME = 1;
const TOKENS_BEFORE_ANSWER = 3;
/** One high-detail image of 1024 × 1024; its true size is not known here. */
const TOKENS_PER_IMAGE = 765;

function contentTokens(content: string | ContentPart[], model?: string): number {
  if (typeof content === 'string') return countTokens(content, model);
  return content.reduce((sum, part) => {
    if (part.type === 'text') return sum + countTokens(part.text, model);
    return sum + TOKENS_PER_IMAGE;
  }, 0);
}

function messageTokens(message: ChatMessage, model?: string): number {
  const calls = (message.toolCalls ?? []).map((call) => call.name + call.arguments);
  return (
    TOKENS_PER_MESSAGE +
    countTokens(message.role, model) +
    contentTokens(message.content, model) +
    (message.name === undefined ? 0 : TOKENS_PER_NAME + countTokens(message.name, model)) +
    calls.reduce((sum, call) => sum + TOKENS_PER_MESSAGE + countTokens(call, model), 0)
  );
}

/** Tokens of a prompt, within a few per cent of what OpenAI bills; images and audio are a flat estimate. */
export function countMessageTokens(messages: ChatMessage[], model?: string): number {
  return messages.reduce((sum, message) => sum + messageTokens(message, model), TOKENS_BEFORE_ANSWER);
}

/** A whole request: its messages and the tools they may use. */
export function countRequestTokens(request: ChatRequest): number {
  const tools = request.tools?.length ? countTokens(JSON.stringify(request.tools), request.model) : 0;
  return countMessageTokens(request.messages, request.model) + tools;
}
