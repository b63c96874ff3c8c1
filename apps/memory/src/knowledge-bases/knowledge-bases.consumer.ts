import { Controller } from '@nestjs/common';
import {
  type ByIdRequest,
  CreateKnowledgeBase,
  type CreateKnowledgeBaseRequest,
  type DeletedReply,
  DeleteKnowledgeBase,
  GetKnowledgeBase,
  type KnowledgeBaseView,
  ListKnowledgeBases,
  type Page,
  type PageRequest,
  UpdateKnowledgeBase,
  type UpdateKnowledgeBaseRequest,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { KnowledgeBasesService } from './knowledge-bases.service.js';

@Controller()
export class KnowledgeBasesConsumer {
  constructor(private readonly service: KnowledgeBasesService) {}

  @HandleRpc(CreateKnowledgeBase)
  create(request: CreateKnowledgeBaseRequest, { tenant }: MessageContext): Promise<KnowledgeBaseView> {
    return this.service.create(tenant, request);
  }

  @HandleRpc(GetKnowledgeBase)
  get({ id }: ByIdRequest, { tenant }: MessageContext): Promise<KnowledgeBaseView> {
    return this.service.get(tenant, id);
  }

  @HandleRpc(ListKnowledgeBases)
  list(request: PageRequest, { tenant }: MessageContext): Promise<Page<KnowledgeBaseView>> {
    return this.service.list(tenant, request);
  }

  @HandleRpc(UpdateKnowledgeBase)
  update(request: UpdateKnowledgeBaseRequest, { tenant }: MessageContext): Promise<KnowledgeBaseView> {
    return this.service.update(tenant, request);
  }

  @HandleRpc(DeleteKnowledgeBase)
  delete({ id }: ByIdRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.service.delete(tenant, id);
  }
}
