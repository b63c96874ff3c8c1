import { ApiProperty } from '@nestjs/swagger';
import {
  CHAT_ROLES,
  type Feedback,
  formatId,
  type MessageView,
  type Rating,
  RATINGS,
  RUN_STATUSES,
  type ToolCall,
} from '@parley/contracts';
import { FileCitationObject, fileCitationObject } from '../runs/annotation.view.js';
import { UsageObject, usageObject } from '../runs/usage.view.js';
import { unixSeconds } from '../wire/unix-seconds.js';

export class FeedbackObject {
  @ApiProperty({ enum: RATINGS })
  rating!: Rating;

  @ApiProperty({ type: String, nullable: true })
  comment!: string | null;
}

export class MessageObject {
  @ApiProperty({ example: 'msg_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['message'] })
  object!: 'message';

  @ApiProperty()
  conversation_id!: string;

  @ApiProperty({ enum: CHAT_ROLES })
  role!: MessageView['role'];

  @ApiProperty()
  content!: string;

  @ApiProperty({ type: [FileCitationObject] })
  annotations!: FileCitationObject[];

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  tool_calls!: ToolCall[];

  @ApiProperty({ type: String, nullable: true, description: 'Of the result of a tool: the call it answers' })
  tool_call_id!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The message that it follows; null for the first' })
  parent_id!: string | null;

  @ApiProperty({
    type: [String],
    description: 'What follows the same message, in the order in which it was made: other versions of this message',
  })
  sibling_ids!: string[];

  @ApiProperty({ enum: RUN_STATUSES, description: 'Of an answer; what the user said is `completed`' })
  status!: MessageView['status'];

  @ApiProperty({ type: FeedbackObject, nullable: true, description: 'What the user thinks of the answer' })
  feedback!: FeedbackObject | null;

  @ApiProperty({ type: String, nullable: true, description: 'The run that wrote the message' })
  run_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  model!: string | null;

  @ApiProperty({ type: UsageObject, nullable: true })
  usage!: UsageObject | null;

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;
}

export function messageObject(view: MessageView): MessageObject {
  return {
    id: formatId('message', view.id),
    object: 'message',
    conversation_id: formatId('conversation', view.conversationId),
    role: view.role,
    content: view.content,
    annotations: view.annotations.map(fileCitationObject),
    tool_calls: view.toolCalls,
    tool_call_id: view.toolCallId,
    parent_id: view.parentId === null ? null : formatId('message', view.parentId),
    sibling_ids: view.siblingIds.map((id) => formatId('message', id)),
    status: view.status,
    feedback: view.feedback && feedbackObject(view.feedback),
    run_id: view.runId === null ? null : formatId('run', view.runId),
    model: view.model,
    usage: view.usage === null ? null : usageObject(view.usage),
    created_at: unixSeconds(view.createdAt),
  };
}

export function feedbackObject({ rating, comment }: Feedback): FeedbackObject {
  return { rating, comment };
}
