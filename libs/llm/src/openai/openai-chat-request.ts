import { type OpenAI } from 'openai';
import { type ChatMessage, type ChatRequest } from '../chat-provider.js';
import { type ResolvedLlmOptions } from '../llm-options.js';
import { isReasoningModel } from '../tokens/model-catalogue.js';
import { type Dialect } from './openai-client.js';

type Params = OpenAI.ChatCompletionCreateParamsStreaming;
type MessageParam = OpenAI.ChatCompletionMessageParam;

/** Our request in OpenAI's words, with the configured defaults. */
export function toChatParams(request: ChatRequest, options: ResolvedLlmOptions, dialect: Dialect): Params {
  const maxOutputTokens = request.maxOutputTokens ?? options.maxOutputTokens;
  return {
    model: request.model,
    messages: request.messages.map((message) => toMessageParam(message, dialect)),
    stream: true,
    stream_options: { include_usage: true },
    temperature: request.temperature ?? (isReasoningModel(request.model) ? undefined : options.temperature),
    top_p: request.topP,
    ...(maxOutputTokens === undefined ? {} : { [dialect.maxTokensField]: maxOutputTokens }),
    stop: request.stop,
    seed: request.seed,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    response_format: request.responseFormat,
    tools: request.tools?.length ? request.tools : undefined,
    tool_choice: request.tools?.length ? request.toolChoice : undefined,
    parallel_tool_calls: request.tools?.length ? request.parallelToolCalls : undefined,
    reasoning_effort: request.reasoningEffort,
    user: request.user,
  };
}

function toMessageParam(message: ChatMessage, dialect: Dialect): MessageParam {
  const role = message.role === 'developer' && !dialect.developerRole ? 'system' : message.role;
  const param = {
    role,
    content: message.content,
    name: message.name,
    tool_call_id: message.toolCallId,
    tool_calls: message.toolCalls?.map((call) => ({
      id: call.id,
      type: 'function' as const,
      function: { name: call.name, arguments: call.arguments },
    })),
  };
  // The SDK types each role on its own; which content belongs to which role was checked where the request came in.
  return param as MessageParam;
}
