import { ApiProperty } from '@nestjs/swagger';
import { CHAT_ROLES, type ConversationMatch, formatId, type MessageView } from '@parley/contracts';
import { ConversationObject, conversationObject } from './conversation.view.js';

export class MatchingMessageObject {
  @ApiProperty()
  message_id!: string;

  @ApiProperty({ enum: CHAT_ROLES })
  role!: MessageView['role'];

  @ApiProperty({ description: 'Some words around the best place' })
  snippet!: string;
}

export class ConversationMatchObject extends ConversationObject {
  @ApiProperty({ type: [MatchingMessageObject], description: 'The best ones; none when the title alone matches' })
  matches!: MatchingMessageObject[];
}

export function conversationMatchObject({ conversation, messages }: ConversationMatch): ConversationMatchObject {
  return {
    ...conversationObject(conversation),
    matches: messages.map(({ messageId, role, snippet }) => ({
      message_id: formatId('message', messageId),
      role,
      snippet,
    })),
  };
}
