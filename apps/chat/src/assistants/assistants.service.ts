import { Injectable } from '@nestjs/common';
import {
  type AssistantView,
  type CreateAssistantRequest,
  type DeletedReply,
  DomainError,
  type Page,
  type PageRequest,
  type TenantContext,
  type UpdateAssistantRequest,
} from '@parley/contracts';
import { ModelCatalog } from '../models/model-catalog.js';
import { type AssistantEntity } from './assistant.entity.js';
import { AssistantsRepository } from './assistants.repository.js';
import { KnowledgeBasesClient } from './knowledge-bases.client.js';

@Injectable()
export class AssistantsService {
  constructor(
    private readonly assistants: AssistantsRepository,
    private readonly knowledgeBases: KnowledgeBasesClient,
    private readonly models: ModelCatalog,
  ) {}

  async create(tenant: TenantContext, request: CreateAssistantRequest): Promise<AssistantView> {
    await this.#assertUsable(tenant, request);
    const assistant = await this.assistants.create(tenant, request.id, {
      name: request.name,
      instructions: request.instructions ?? null,
      model: request.model ?? null,
      knowledgeBaseIds: request.knowledgeBaseIds ?? [],
      temperature: request.temperature ?? null,
      maxOutputTokens: request.maxOutputTokens ?? null,
      metadata: request.metadata ?? {},
    });
    if (!assistant) throw new DomainError('conflict', 'The id is taken.', { param: 'id' });
    return toView(assistant);
  }

  async get(tenant: TenantContext, id: string): Promise<AssistantView> {
    return toView(existing(await this.assistants.find(tenant, id)));
  }

  async list(tenant: TenantContext, request: PageRequest): Promise<Page<AssistantView>> {
    const { data, hasMore } = await this.assistants.list(tenant, request);
    return { data: data.map(toView), hasMore };
  }

  /** Absent fields stay as they are; null clears. */
  async update(tenant: TenantContext, { id, ...fields }: UpdateAssistantRequest): Promise<AssistantView> {
    existing(await this.assistants.find(tenant, id));
    await this.#assertUsable(tenant, fields);
    const { name, instructions, model, knowledgeBaseIds, temperature, maxOutputTokens, metadata } = fields;
    const changes = { name, instructions, model, knowledgeBaseIds, temperature, maxOutputTokens, metadata };
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    return toView(existing(await this.assistants.update(tenant, id, given)));
  }

  async delete(tenant: TenantContext, id: string): Promise<DeletedReply> {
    if (!(await this.assistants.delete(tenant, id))) throw notFound();
    return { id, deleted: true };
  }

  async #assertUsable(
    tenant: TenantContext,
    { model, knowledgeBaseIds }: Pick<UpdateAssistantRequest, 'model' | 'knowledgeBaseIds'>,
  ): Promise<void> {
    if (typeof model === 'string') await this.models.resolve(model);
    await this.knowledgeBases.assertExist(tenant, knowledgeBaseIds ?? []);
  }
}

function existing(assistant: AssistantEntity | null): AssistantEntity {
  if (!assistant) throw notFound();
  return assistant;
}

function notFound(): DomainError {
  return DomainError.notFound('assistant');
}

function toView(assistant: AssistantEntity): AssistantView {
  const { id, name, instructions, model, knowledgeBaseIds, temperature, maxOutputTokens, metadata } = assistant;
  const createdAt = assistant.createdAt.toISOString();
  return { id, name, instructions, model, knowledgeBaseIds, temperature, maxOutputTokens, metadata, createdAt };
}
