import { IsObject, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest, type DeletedReply } from './by-id.js';
import { type Metadata } from './knowledge-bases.js';
import { type FileCitation, type Usage } from './runs.js';

export interface ConversationView {
  id: string;
  title: string | null;
  assistantId: string | null;
  metadata: Metadata;
  createdAt: string;
  updatedAt: string;
}

export interface MessageView {
  id: string;
  conversationId: string;
  role: 'user' | 'assistant' | 'system';
  content: string;
  annotations: FileCitation[];
  /** The run that wrote the message; null for messages of the user. */
  runId: string | null;
  model: string | null;
  usage: Usage | null;
  createdAt: string;
}

export class CreateConversationRequest {
  @IsUUID()
  id!: string;

  @IsOptional()
  @IsUUID()
  assistantId?: string;

  @IsOptional()
  @IsString()
  @MaxLength(256)
  title?: string;

  @IsObject()
  metadata: Metadata = {};
}

export class ListMessagesRequest extends PageRequest {
  @IsUUID()
  conversationId!: string;
}

export const CreateConversation = defineRpc<ConversationView>()({
  name: 'chat.create-conversation.v1',
  request: CreateConversationRequest,
});
export const GetConversation = defineRpc<ConversationView>()({
  name: 'chat.get-conversation.v1',
  request: ByIdRequest,
});
export const ListConversations = defineRpc<Page<ConversationView>>()({
  name: 'chat.list-conversations.v1',
  request: PageRequest,
});
export const DeleteConversation = defineRpc<DeletedReply>()({
  name: 'chat.delete-conversation.v1',
  request: ByIdRequest,
});
export const ListMessages = defineRpc<Page<MessageView>>()({
  name: 'chat.list-messages.v1',
  request: ListMessagesRequest,
});
