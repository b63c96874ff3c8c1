import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  CHAT_ROLES,
  type ChatRole,
  formatId,
  type MessageView,
  type Metadata,
  type StoredRequestView,
  type ToolCall,
  type Usage,
} from '@parley/contracts';
import { type CompletionRecord } from './completion-record.js';
import { CompletionObject, completionObject } from './completion.view.js';

/** Also has the settings of its request: temperature, tools and so on. */
export class StoredCompletionObject extends CompletionObject {
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Metadata;
}

export class StoredCompletionMessage {
  @ApiProperty()
  id!: string;

  @ApiProperty({ enum: CHAT_ROLES })
  role!: ChatRole;

  @ApiProperty({ type: String, nullable: true })
  content!: string | null;

  @ApiProperty({ type: String, nullable: true })
  name!: null;

  @ApiPropertyOptional({ type: 'array', items: { type: 'object', additionalProperties: true } })
  tool_calls?: ToolCall[];

  @ApiPropertyOptional()
  tool_call_id?: string;
}

const NO_USAGE: Usage = {
  promptTokens: 0,
  completionTokens: 0,
  totalTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  estimated: true,
  costMicros: null,
};

export function storedCompletionObject({ run, request }: StoredRequestView): StoredCompletionObject {
  const { text = '', toolCalls = [], annotations = [] } = run.output ?? {};
  const { finishReason, usage, provider, model, requestedModel } = run;
  const origin = { provider, model };
  const answer = {
    text,
    toolCalls,
    annotations,
    finishReason: finishReason ?? 'stop',
    usage: usage ?? NO_USAGE,
    origin,
  };
  return {
    ...recordOf(request).settings,
    ...completionObject({ ...run, runId: run.id, model: requestedModel }, answer),
    metadata: run.metadata,
  };
}

/** What the conversation does not keep stands before everything else. */
export function instructionMessages({ run, request }: StoredRequestView): StoredCompletionMessage[] {
  return recordOf(request).instructions.map(({ role, content }, index) => ({
    id: `${formatId('completion', run.id)}-${index}`,
    role,
    content: typeof content === 'string' ? content : textOf(content),
    name: null,
  }));
}

export function storedMessage({ id, role, content, toolCalls, toolCallId }: MessageView): StoredCompletionMessage {
  return {
    id: formatId('message', id),
    role,
    content: content === '' && toolCalls.length > 0 ? null : content,
    name: null,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
    ...(toolCallId === null ? {} : { tool_call_id: toolCallId }),
  };
}

function recordOf(request: Record<string, unknown>): CompletionRecord {
  return request as unknown as CompletionRecord;
}

function textOf(parts: Record<string, unknown>[] | null): string {
  return (parts ?? []).map((part) => part['text'] ?? '').join('\n');
}
