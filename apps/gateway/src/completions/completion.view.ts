import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type FinishReason, formatId, type StartRunReply, type ToolCall } from '@parley/contracts';
import { FileCitationObject, fileCitationObject } from '../runs/annotation.view.js';
import { type Answer } from '../runs/answer.js';
import { UsageObject, usageObject } from '../runs/usage.view.js';
import { unixSeconds } from '../wire/unix-seconds.js';

export class CompletionMessageObject {
  @ApiProperty({ enum: ['assistant'] })
  role!: 'assistant';

  @ApiProperty({ type: String, nullable: true })
  content!: string | null;

  @ApiProperty({ type: String, nullable: true })
  refusal!: null;

  @ApiProperty({ type: [FileCitationObject] })
  annotations!: FileCitationObject[];

  @ApiPropertyOptional({ type: 'array', items: { type: 'object', additionalProperties: true } })
  tool_calls?: ToolCall[];
}

export class CompletionChoice {
  @ApiProperty()
  index!: 0;

  @ApiProperty({ type: CompletionMessageObject })
  message!: CompletionMessageObject;

  @ApiProperty({ enum: ['stop', 'length', 'tool_calls', 'content_filter'] })
  finish_reason!: FinishReason;

  @ApiProperty({ type: String, nullable: true })
  logprobs!: null;
}

/** What OpenAI's object has no field for. */
export class CompletionOrigin {
  @ApiProperty({ example: 'run_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  run_id!: string;

  @ApiProperty({ description: 'Who answered; `builtin` is no language model' })
  provider!: string;

  @ApiProperty({ description: 'The model that really answered' })
  model!: string;

  @ApiProperty({ description: 'The provider did not say: the tokens were counted here' })
  usage_estimated!: boolean;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'In millionths of the currency of the prices; null when the model has none',
  })
  cost_micros!: number | null;
}

export class CompletionObject {
  @ApiProperty({ example: 'chatcmpl-01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['chat.completion'] })
  object!: 'chat.completion';

  @ApiProperty({ description: 'Unix time in seconds' })
  created!: number;

  @ApiProperty()
  model!: string;

  @ApiProperty({ type: [CompletionChoice] })
  choices!: CompletionChoice[];

  @ApiProperty({ type: UsageObject })
  usage!: UsageObject;

  @ApiProperty({ type: String, nullable: true, description: 'Null when nothing is kept' })
  conversation_id!: string | null;

  @ApiProperty({ type: CompletionOrigin })
  parley!: CompletionOrigin;
}

export function completionObject(run: StartRunReply, answer: Answer): CompletionObject {
  const message: CompletionMessageObject = {
    role: 'assistant',
    content: answer.text === '' && answer.toolCalls.length > 0 ? null : answer.text,
    refusal: null,
    annotations: answer.annotations.map(fileCitationObject),
    ...(answer.toolCalls.length > 0 ? { tool_calls: answer.toolCalls } : {}),
  };
  return {
    id: formatId('completion', run.runId),
    object: 'chat.completion',
    created: unixSeconds(run.createdAt),
    model: run.model,
    choices: [{ index: 0, message, finish_reason: answer.finishReason, logprobs: null }],
    usage: usageObject(answer.usage),
    conversation_id: run.conversationId === null ? null : formatId('conversation', run.conversationId),
    parley: {
      run_id: formatId('run', run.runId),
      provider: answer.origin?.provider ?? run.provider,
      model: answer.origin?.model ?? run.model,
      usage_estimated: answer.usage.estimated,
      cost_micros: answer.usage.costMicros,
    },
  };
}
