import { Controller } from '@nestjs/common';
import {
  AddMessages,
  type AddMessagesRequest,
  type ByIdRequest,
  type ConversationView,
  CreateConversation,
  type CreateConversationRequest,
  DeleteConversation,
  type DeletedReply,
  DeleteMessage,
  GetConversation,
  GetMessage,
  GetMessageCitations,
  ListConversations,
  ListMessages,
  type ListMessagesRequest,
  type MessageCitationsReply,
  type MessageCitationsRequest,
  type MessageRequest,
  type MessageView,
  type Page,
  type PageRequest,
  UpdateConversation,
  type UpdateConversationRequest,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { ConversationsService } from './conversations.service.js';

@Controller()
export class ConversationsConsumer {
  constructor(private readonly conversations: ConversationsService) {}

  @HandleRpc(CreateConversation)
  create(request: CreateConversationRequest, { tenant }: MessageContext): Promise<ConversationView> {
    return this.conversations.create(tenant, request);
  }

  @HandleRpc(GetConversation)
  get({ id }: ByIdRequest, { tenant }: MessageContext): Promise<ConversationView> {
    return this.conversations.get(tenant, id);
  }

  @HandleRpc(ListConversations)
  list(request: PageRequest, { tenant }: MessageContext): Promise<Page<ConversationView>> {
    return this.conversations.list(tenant, request);
  }

  @HandleRpc(UpdateConversation)
  update(request: UpdateConversationRequest, { tenant }: MessageContext): Promise<ConversationView> {
    return this.conversations.update(tenant, request);
  }

  @HandleRpc(DeleteConversation)
  delete({ id }: ByIdRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.conversations.delete(tenant, id);
  }

  @HandleRpc(ListMessages)
  listMessages(request: ListMessagesRequest, { tenant }: MessageContext): Promise<Page<MessageView>> {
    return this.conversations.listMessages(tenant, request);
  }

  @HandleRpc(AddMessages)
  addMessages(request: AddMessagesRequest, { tenant }: MessageContext): Promise<MessageView[]> {
    return this.conversations.addMessages(tenant, request);
  }

  @HandleRpc(GetMessage)
  message(request: MessageRequest, { tenant }: MessageContext): Promise<MessageView> {
    return this.conversations.message(tenant, request);
  }

  @HandleRpc(DeleteMessage)
  deleteMessage(request: MessageRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.conversations.deleteMessage(tenant, request);
  }

  @HandleRpc(GetMessageCitations)
  citations(request: MessageCitationsRequest, { tenant }: MessageContext): Promise<MessageCitationsReply> {
    return this.conversations.citations(tenant, request);
  }
}
