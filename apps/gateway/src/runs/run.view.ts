import { ApiProperty } from '@nestjs/swagger';
import {
  type ErrorCode,
  ERROR_CODES,
  formatId,
  type Metadata,
  RUN_STATUSES,
  type RunStatus,
  type RunView,
  type ToolCall,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';
import { FileCitationObject, fileCitationObject } from './annotation.view.js';
import { UsageObject, usageObject } from './usage.view.js';

export class RunError {
  @ApiProperty({ enum: ERROR_CODES })
  code!: ErrorCode;

  @ApiProperty()
  message!: string;
}

/** What is stored of an answer; of a run under way, what was saved last. */
export class RunOutput {
  @ApiProperty()
  text!: string;

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  tool_calls!: ToolCall[];

  @ApiProperty({ type: [FileCitationObject] })
  annotations!: FileCitationObject[];
}

/** Milliseconds since the request's arrival, and how long the search took. */
export class RunTimingsObject {
  @ApiProperty({ type: Number, nullable: true })
  queue!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  retrieval!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  first_token!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  total!: number | null;
}

/** One generation of an answer. */
export class RunObject {
  @ApiProperty({ example: 'run_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['run'] })
  object!: 'run';

  @ApiProperty({ enum: RUN_STATUSES })
  status!: RunStatus;

  @ApiProperty({ type: String, nullable: true })
  conversation_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  message_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  assistant_id!: string | null;

  @ApiProperty({ description: 'Who answered, or is asked first while nobody has' })
  provider!: string;

  @ApiProperty({ description: 'The model that really answered' })
  model!: string;

  @ApiProperty({ description: 'As the request named it' })
  requested_model!: string;

  @ApiProperty({ type: String, nullable: true })
  finish_reason!: string | null;

  @ApiProperty({ type: RunError, nullable: true })
  error!: RunError | null;

  @ApiProperty({ type: RunOutput, nullable: true })
  output!: RunOutput | null;

  @ApiProperty({ type: UsageObject, nullable: true })
  usage!: UsageObject | null;

  @ApiProperty({
    type: Boolean,
    nullable: true,
    description: 'True when the provider did not say and tokens were counted',
  })
  usage_estimated!: boolean | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'In millionths of the currency of the prices; null when the model has none, or nothing was used',
  })
  cost_micros!: number | null;

  @ApiProperty({ type: RunTimingsObject })
  timings_ms!: RunTimingsObject;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Metadata;

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix time in seconds' })
  finished_at!: number | null;
}

export function runObject(run: RunView): RunObject {
  const { queueMs, retrievalMs, firstTokenMs, totalMs } = run.timings;
  const id = (kind: 'conversation' | 'message' | 'assistant', uuid: string | null) => uuid && formatId(kind, uuid);
  return {
    id: formatId('run', run.id),
    object: 'run',
    status: run.status,
    conversation_id: id('conversation', run.conversationId),
    message_id: id('message', run.messageId),
    assistant_id: id('assistant', run.assistantId),
    provider: run.provider,
    model: run.model,
    requested_model: run.requestedModel,
    finish_reason: run.finishReason,
    error: run.error && { code: run.error.code, message: run.error.message },
    output: run.output && {
      text: run.output.text,
      tool_calls: run.output.toolCalls,
      annotations: run.output.annotations.map(fileCitationObject),
    },
    usage: run.usage && usageObject(run.usage),
    usage_estimated: run.usage && run.usage.estimated,
    cost_micros: run.usage && run.usage.costMicros,
    timings_ms: { queue: queueMs, retrieval: retrievalMs, first_token: firstTokenMs, total: totalMs },
    metadata: run.metadata,
    created_at: unixSeconds(run.createdAt),
    finished_at: run.finishedAt === null ? null : unixSeconds(run.finishedAt),
  };
}
