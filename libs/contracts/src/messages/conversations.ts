import { IsBoolean, IsObject, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest, type DeletedReply } from './by-id.js';
import { type Metadata } from './knowledge-bases.js';
import { type RunStatus } from './run-control.js';
import { type ChatRole, type FileCitation, type ToolCall, type Usage } from './runs.js';

export interface ConversationView {
  id: string;
  title: string | null;
  assistantId: string | null;
  metadata: Metadata;
  /** The last message of the branch that is gone on with; null while nothing was said. */
  headId: string | null;
  createdAt: string;
  updatedAt: string;
}

export const RATINGS = ['up', 'down'] as const;
export type Rating = (typeof RATINGS)[number];

/** What the user thinks of an answer. */
export interface Feedback {
  rating: Rating;
  comment: string | null;
}

export interface MessageView {
  id: string;
  conversationId: string;
  role: ChatRole;
  content: string;
  annotations: FileCitation[];
  /** What an answer asked for. */
  toolCalls: ToolCall[];
  /** Of the result of a tool: the call it answers. */
  toolCallId: string | null;
  /** The message that it follows; null for the first. */
  parentId: string | null;
  /** Those that follow the same message, itself included, in the order in which they were made. */
  siblingIds: string[];
  /** Of an answer; what the client sent is `completed`. */
  status: RunStatus;
  feedback: Feedback | null;
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

  /** Any message of the branch to list: of several behind it the newest. By default the one that is gone on with. */
  @IsOptional()
  @IsUUID()
  branch?: string;

  /** With the results of tools. */
  @IsOptional()
  @IsBoolean()
  tools?: boolean;

  /** Every message of every branch, results of tools included. */
  @IsOptional()
  @IsBoolean()
  all?: boolean;
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
