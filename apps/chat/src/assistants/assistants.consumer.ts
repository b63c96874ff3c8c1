import { Controller } from '@nestjs/common';
import {
  type AssistantView,
  type ByIdRequest,
  CreateAssistant,
  type CreateAssistantRequest,
  DeleteAssistant,
  type DeletedReply,
  GetAssistant,
  ListAssistants,
  type Page,
  type PageRequest,
  UpdateAssistant,
  type UpdateAssistantRequest,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { AssistantsService } from './assistants.service.js';

@Controller()
export class AssistantsConsumer {
  constructor(private readonly assistants: AssistantsService) {}

  @HandleRpc(CreateAssistant)
  create(request: CreateAssistantRequest, { tenant }: MessageContext): Promise<AssistantView> {
    return this.assistants.create(tenant, request);
  }

  @HandleRpc(GetAssistant)
  get({ id }: ByIdRequest, { tenant }: MessageContext): Promise<AssistantView> {
    return this.assistants.get(tenant, id);
  }

  @HandleRpc(ListAssistants)
  list(request: PageRequest, { tenant }: MessageContext): Promise<Page<AssistantView>> {
    return this.assistants.list(tenant, request);
  }

  @HandleRpc(UpdateAssistant)
  update(request: UpdateAssistantRequest, { tenant }: MessageContext): Promise<AssistantView> {
    return this.assistants.update(tenant, request);
  }

  @HandleRpc(DeleteAssistant)
  delete({ id }: ByIdRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.assistants.delete(tenant, id);
  }
}
