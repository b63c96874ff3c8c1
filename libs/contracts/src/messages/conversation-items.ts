import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type MessageView } from './conversations.js';
import { CHAT_ROLES, type ChatRole, type ToolCall } from './runs.js';

export const MAX_ADDED_MESSAGES = 20;

/** A message that a client puts into a conversation without asking for an answer. */
export class AddedMessage {
  /** Chosen by the caller, so that a repeated request adds nothing twice. */
  @IsUUID()
  id!: string;

  @IsIn(CHAT_ROLES)
  role!: ChatRole;

  @IsString()
  content!: string;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(128)
  toolCalls?: ToolCall[];

  @IsOptional()
  @IsString()
  @MaxLength(256)
  toolCallId?: string;
}

export class AddMessagesRequest {
  @IsUUID()
  conversationId!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ADDED_MESSAGES)
  @ValidateNested({ each: true })
  @Type(() => AddedMessage)
  messages!: AddedMessage[];
}

/** Behind the head, in their order. */
export const AddMessages = defineRpc<MessageView[]>()({ name: 'chat.add-messages.v1', request: AddMessagesRequest });
