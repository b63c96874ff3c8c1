import { type ChatMessage, DomainError, type GenerationOptions } from '@parley/contracts';
import { runTools, type RunTools } from '../completions/tools.js';
import { inputMessages } from '../conversation-items/input-items.js';
import { modelChoice } from '../models/model-choice.js';
import { type RunRequest } from '../runs/run.client.js';
import { refuse } from '../wire/unsupported.js';
import { type CreateResponseBody } from './response.request.js';

/** What a response shows of its request. */
export interface ResponseRequest {
  instructions: string | null;
  previous_response_id: string | null;
  max_output_tokens: number | null;
  parallel_tool_calls: boolean;
  reasoning: { effort: string | null; summary: null };
  temperature: number | null;
  text: { format: Record<string, unknown> };
  tool_choice: string | Record<string, unknown>;
  tools: Record<string, unknown>[];
  top_p: number | null;
  truncation: 'auto' | 'disabled';
  background: boolean;
  /** What files are searched for before the model is asked; null where none are, or the run tells it. Not shown as it is. */
  search_queries: string[] | null;
}

export function responseRequest(body: CreateResponseBody): ResponseRequest {
  const { instructions = null, previous_response_id = null, max_output_tokens = null } = body;
  const { temperature = null, top_p = null } = body;
  return {
    ...{ instructions, previous_response_id, max_output_tokens, temperature, top_p },
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    text: { format: body.text?.format ?? { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    truncation: body.truncation ?? 'disabled',
    background: body.background ?? false,
    search_queries: searchQueries(body),
  };
}

/** Whether a client wants to see what searches found. */
export function includesResults(include: readonly string[] | null | undefined): boolean {
  return include?.includes('file_search_call.results') ?? false;
}

function searchQueries({ tools, tool_choice, input, include }: CreateResponseBody): string[] | null {
  const isSearch = ({ type, mode }: Record<string, unknown>) => type === 'file_search' && mode !== 'auto';
  const isSearched = (tools ?? []).some(isSearch) && tool_choice !== 'none';
  if (!isSearched || includesResults(include)) return null;
  const asked = inputMessages(input, 'input').findLast(({ role }) => role === 'user')?.content ?? [];
  const parts =
    typeof asked === 'string' ? [asked] : asked.flatMap((part) => (part['type'] === 'text' ? [part['text']] : []));
  return parts.length === 0 ? null : [parts.join('\n').trim()];
}

/**
 * The run that makes the response, but for its place in a conversation.
 * @throws DomainError `invalid_request`, `unsupported_parameter`, `model_not_found`, all naming the field
 */
export function responseRun(body: CreateResponseBody): RunRequest {
  refuse('prompt', body.prompt, 'Stored prompts are not supported; use an assistant as the model.');
  const isStored = body.store ?? true;
  if (body.background && !isStored)
    throw new DomainError('invalid_request', 'A response in the background must be stored.', { param: 'background' });
  const { retrieval, generation } = responseTools(body);
  return {
    ...modelChoice(body.model),
    messages: [...instructionsOf(body), ...said(body)],
    ...(retrieval ? { retrieval } : {}),
    generation: { ...sampling(body), ...generation },
    ...(includesResults(body.include) ? { tellsResults: true } : {}),
    store: isStored,
    ...(isStored ? { record: { kind: 'response' as const, request: { ...responseRequest(body) } } } : {}),
    metadata: body.metadata ?? {},
  };
}

function instructionsOf({ instructions }: CreateResponseBody): ChatMessage[] {
  return instructions ? [{ role: 'system', content: instructions }] : [];
}

function said({ input }: CreateResponseBody): ChatMessage[] {
  const messages = inputMessages(input, 'input');
  if (messages.length > 0) return messages;
  throw new DomainError('invalid_request', 'input must not be empty.', { param: 'input' });
}

/** Here functions are described without the wrapper that chat completions put around them. */
function responseTools({ tools, tool_choice }: CreateResponseBody): RunTools {
  const wrapped = (tools ?? []).map((tool) => {
    if (tool['type'] !== 'function') return tool;
    const { type, ...declared } = tool;
    return { type, function: declared };
  });
  const choice =
    typeof tool_choice === 'object' && tool_choice?.['type'] === 'function'
      ? { type: 'function', function: { name: tool_choice['name'] } }
      : (tool_choice ?? null);
  return runTools({ tools: wrapped, tool_choice: choice });
}

function sampling(body: CreateResponseBody): GenerationOptions {
  const { temperature, top_p: topP, max_output_tokens: maxOutputTokens, reasoning, text } = body;
  const fields = {
    ...{ temperature, topP, maxOutputTokens },
    reasoningEffort: reasoning?.effort,
    responseFormat: responseFormat(text?.format),
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => (value ?? null) !== null),
  ) as GenerationOptions;
}

/** @throws DomainError `invalid_request` */
function responseFormat(format: Record<string, unknown> | null | undefined): Record<string, unknown> | null {
  if (!format || format['type'] === 'text') return null;
  if (format['type'] === 'json_object') return { type: 'json_object' };
  if (format['type'] !== 'json_schema' || typeof format['schema'] !== 'object')
    throw new DomainError('invalid_request', 'text.format must be text, json_object, or json_schema with its schema.', {
      param: 'text.format',
    });
  const { type, ...json_schema } = format;
  return { type, json_schema };
}
