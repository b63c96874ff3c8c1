import { ApiProperty } from '@nestjs/swagger';
import { type ConversationView, formatId, type Metadata } from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';

export class ConversationObject {
  @ApiProperty({ example: 'conv_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['conversation'] })
  object!: 'conversation';

  @ApiProperty({ type: String, nullable: true })
  title!: string | null;

  @ApiProperty({ type: String, nullable: true })
  assistant_id!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Metadata;

  @ApiProperty({ type: String, nullable: true, description: 'The last message of the branch that is gone on with' })
  head_id!: string | null;

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty({ description: 'Unix time in seconds' })
  updated_at!: number;
}

export function conversationObject(view: ConversationView): ConversationObject {
  return {
    id: formatId('conversation', view.id),
    object: 'conversation',
    title: view.title,
    assistant_id: view.assistantId === null ? null : formatId('assistant', view.assistantId),
    metadata: view.metadata,
    head_id: view.headId === null ? null : formatId('message', view.headId),
    created_at: unixSeconds(view.createdAt),
    updated_at: unixSeconds(view.updatedAt),
  };
}
