import { IsObject, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { ByIdRequest, type DeletedReply } from './by-id.js';
import { type ConversationView, type MessageView } from './conversations.js';
import { type Metadata } from './knowledge-bases.js';

/** What is absent stays as it is. */
export class UpdateConversationRequest extends ByIdRequest {
  /** Null: none. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  title?: string | null;

  @IsOptional()
  @IsObject()
  metadata?: Metadata;

  /** Any message of the branch that is to be gone on with: of several behind it the newest. */
  @IsOptional()
  @IsUUID()
  branch?: string;
}

export class MessageRequest {
  @IsUUID()
  conversationId!: string;

  @IsUUID()
  messageId!: string;
}

export const UpdateConversation = defineRpc<ConversationView>()({
  name: 'chat.update-conversation.v1',
  request: UpdateConversationRequest,
});
export const GetMessage = defineRpc<MessageView>()({ name: 'chat.get-message.v1', request: MessageRequest });
/** What follows the message follows the one before it from then on. */
export const DeleteMessage = defineRpc<DeletedReply>()({ name: 'chat.delete-message.v1', request: MessageRequest });
