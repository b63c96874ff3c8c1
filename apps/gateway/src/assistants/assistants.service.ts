import { Injectable } from '@nestjs/common';
import {
  type AssistantView,
  CreateAssistant,
  DeleteAssistant,
  GetAssistant,
  ListAssistants,
  type Page,
  type TenantContext,
  UpdateAssistant,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { newId } from '../idempotency/idempotency-scope.js';
import { type PageFields } from '../wire/page.query.js';
import {
  type CreateAssistantBody,
  createAssistantRequest,
  type UpdateAssistantBody,
  updateAssistantRequest,
} from './assistant.request.js';

@Injectable()
export class AssistantsService {
  constructor(private readonly bus: MessageBus) {}

  async create(tenant: TenantContext, body: CreateAssistantBody): Promise<AssistantView> {
    return this.bus.request(CreateAssistant, createAssistantRequest(newId(), body), tenant);
  }

  list(tenant: TenantContext, page: PageFields): Promise<Page<AssistantView>> {
    return this.bus.request(ListAssistants, page, tenant);
  }

  get(tenant: TenantContext, id: string): Promise<AssistantView> {
    return this.bus.request(GetAssistant, { id }, tenant);
  }

  async update(tenant: TenantContext, id: string, body: UpdateAssistantBody): Promise<AssistantView> {
    return this.bus.request(UpdateAssistant, updateAssistantRequest(id, body), tenant);
  }

  async delete(tenant: TenantContext, id: string): Promise<void> {
    await this.bus.request(DeleteAssistant, { id }, tenant);
  }
}
