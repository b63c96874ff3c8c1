import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type FinishReason,
  formatId,
  type Metadata,
  type RunOutput,
  type RunStatus,
  type RunView,
  type SerializedError,
  type StartRunReply,
  type StoredRequestView,
  type Usage,
} from '@parley/contracts';
import { callItemId } from '../conversation-items/item-id.js';
import { callItem, ItemObject, type ItemStatus, itemStatus, outputMessage } from '../conversation-items/item.view.js';
import { unixSeconds } from '../wire/unix-seconds.js';
import { type ResponseRequest } from './response-request.js';
import { stepItem, storedSteps } from './tool-steps.js';

export const RESPONSE_STATUSES = ['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled'] as const;
export type ResponseStatus = (typeof RESPONSE_STATUSES)[number];

export class ResponseUsage {
  @ApiProperty()
  input_tokens!: number;

  @ApiProperty({ type: 'object', properties: { cached_tokens: { type: 'number' } } })
  input_tokens_details!: { cached_tokens: number };

  @ApiProperty()
  output_tokens!: number;

  @ApiProperty({ type: 'object', properties: { reasoning_tokens: { type: 'number' } } })
  output_tokens_details!: { reasoning_tokens: number };

  @ApiProperty()
  total_tokens!: number;
}

/** What OpenAI's object has no field for. */
export class ResponseOrigin {
  @ApiProperty()
  run_id!: string;

  @ApiProperty({ description: 'Who answers; `built-in` is no language model' })
  provider!: string;

  @ApiProperty({ type: Boolean, nullable: true })
  usage_estimated!: boolean | null;
}

export class ResponseObject {
  @ApiProperty({ example: 'resp_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['response'] })
  object!: 'response';

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix time in seconds' })
  completed_at!: number | null;

  @ApiProperty({ enum: RESPONSE_STATUSES })
  status!: ResponseStatus;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: true })
  error!: { code: string; message: string } | null;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: true })
  incomplete_details!: { reason: 'max_output_tokens' | 'content_filter' } | null;

  @ApiProperty()
  model!: string;

  @ApiProperty({ type: [ItemObject] })
  output!: ItemObject[];

  @ApiProperty({ type: ResponseUsage, nullable: true })
  usage!: ResponseUsage | null;

  @ApiProperty({ type: 'object', nullable: true, properties: { id: { type: 'string' } } })
  conversation!: { id: string } | null;

  @ApiProperty({ type: String, nullable: true })
  previous_response_id!: string | null;

  @ApiPropertyOptional({ type: String, nullable: true })
  instructions!: string | null;

  @ApiProperty()
  store!: boolean;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Metadata;

  @ApiProperty({ type: ResponseOrigin })
  parley!: ResponseOrigin;
}

/** What a response is made of, whichever way it became known. */
export interface ResponseState {
  run: StartRunReply;
  request: ResponseRequest;
  metadata: Metadata;
  status: RunStatus;
  output: ItemObject[];
  usage: Usage | null;
  finishReason: FinishReason | null;
  error: SerializedError | null;
  /** ISO 8601 */
  finishedAt: string | null;
}

export function responseObject(state: ResponseState): ResponseObject {
  const { run, status, usage, finishReason, error } = state;
  const { search_queries: _hidden, ...request } = state.request;
  const shown = responseStatus(status);
  return {
    ...request,
    id: formatId('response', run.runId),
    object: 'response',
    created_at: unixSeconds(run.createdAt),
    completed_at: shown === 'completed' && state.finishedAt ? unixSeconds(state.finishedAt) : null,
    status: shown,
    error: shown === 'failed' && error ? { code: 'server_error', message: error.message } : null,
    incomplete_details: shown === 'incomplete' ? { reason: incompleteReason(finishReason) } : null,
    model: run.model,
    output: state.output,
    usage: usage && responseUsage(usage),
    conversation: run.conversationId === null ? null : { id: formatId('conversation', run.conversationId) },
    store: run.conversationId !== null,
    metadata: state.metadata,
    parley: {
      run_id: formatId('run', run.runId),
      provider: run.provider,
      usage_estimated: usage && usage.estimated,
    },
  };
}

/** Of a response that was stored. @param showsResults what its searches found, where it is kept */
export function storedResponse({ run, request }: StoredRequestView, showsResults = false): ResponseObject {
  const { status, output, usage, finishReason, error, finishedAt, metadata } = run;
  const asked = request as unknown as ResponseRequest;
  return responseObject({
    run: startReply(run),
    request: asked,
    ...{ metadata, status, usage, finishReason, error, finishedAt },
    output:
      output === null
        ? []
        : outputItems(startReply(run), output, { ...asked, showsResults, status: itemStatus(status) }),
  });
}

/** In the order in which they begin: a text is one item, wherever the model stops to call for a tool. */
export function outputItems(
  run: StartRunReply,
  { text, toolCalls, annotations, steps: stored = [] }: RunOutput,
  options: { status: ItemStatus; showsResults: boolean } & Pick<ResponseRequest, 'search_queries'>,
): ItemObject[] {
  const { status, showsResults, search_queries: queries } = options;
  const { answer, message, call } = itemIds(run);
  const { steps, textBefore } = storedSteps(stored, queries);
  // A step of which no end is known goes on, or was given up with its run.
  for (const step of steps.open) step.status = status === 'in_progress' ? status : 'incomplete';
  const items = (isBefore: boolean) =>
    steps.all
      .filter((step) => (textBefore(step) === 0) === isBefore)
      .map((step) => stepItem(answer, step, showsResults));
  // Steps without a text may be all that there is, or will have been.
  const isSaid = text !== '' || (toolCalls.length === 0 && (stored.length === 0 || status === 'completed'));
  return [
    ...items(true),
    ...(isSaid ? [outputMessage(message, text, annotations, status)] : []),
    ...items(false),
    ...toolCalls.map((called, index) => callItem(call(index), called, status)),
  ];
}

interface ItemIds {
  answer: string;
  message: string;
  call: (index: number) => string;
}

/** Of the items of an answer, stored or not. */
export function itemIds({ messageId, runId }: StartRunReply): ItemIds {
  const answer = messageId ?? runId;
  return { answer, message: formatId('message', answer), call: (index) => callItemId(answer, index) };
}

export function responseStatus(status: RunStatus): ResponseStatus {
  return status === 'interrupted' ? 'failed' : status;
}

function incompleteReason(reason: FinishReason | null): 'max_output_tokens' | 'content_filter' {
  return reason === 'content_filter' ? 'content_filter' : 'max_output_tokens';
}

function responseUsage(usage: Usage): ResponseUsage {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.completionTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.totalTokens,
  };
}

function startReply(run: RunView): StartRunReply {
  const { id: runId, conversationId, messageId, parentId, requestedModel: model, provider, createdAt } = run;
  return { runId, conversationId, messageId, parentId, model, provider, createdAt };
}
