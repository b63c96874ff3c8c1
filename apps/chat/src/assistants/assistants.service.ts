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
import { HttpToolClient } from '../tools/http-tool.client.js';
import { assertDeclarable, withKeptHeaders } from '../tools/tool-declarations.js';
import { KnowledgeBasesClient } from './knowledge-bases.client.js';

@Injectable()
export class AssistantsService {
  constructor(
    private readonly assistants: AssistantsRepository,
    private readonly knowledgeBases: KnowledgeBasesClient,
    private readonly models: ModelCatalog,
    private readonly http: HttpToolClient,
  ) {}

  async create(tenant: TenantContext, request: CreateAssistantRequest): Promise<AssistantView> {
    await this.#assertUsable(tenant, request);
    const assistant = await this.assistants.create(tenant, request.id, {
      name: request.name,
      instructions: request.instructions ?? null,
      model: request.model ?? null,
      knowledgeBaseIds: request.knowledgeBaseIds ?? [],
      retrievalMode: request.retrievalMode ?? 'always',
      tools: request.tools ?? [],
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
    const stored = existing(await this.assistants.find(tenant, id));
    await this.#assertUsable(tenant, fields);
    const { name, instructions, model, knowledgeBaseIds, temperature, maxOutputTokens, metadata } = fields;
    const { retrievalMode } = fields;
    const tools = fields.tools && withKeptHeaders(fields.tools, stored.tools);
    const grounding = { knowledgeBaseIds, retrievalMode, tools };
    const changes = { name, instructions, model, ...grounding, temperature, maxOutputTokens, metadata };
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    return toView(existing(await this.assistants.update(tenant, id, given)));
  }

  async delete(tenant: TenantContext, id: string): Promise<DeletedReply> {
    if (!(await this.assistants.delete(tenant, id))) throw notFound();
    return { id, deleted: true };
  }

  async #assertUsable(
    tenant: TenantContext,
    { model, knowledgeBaseIds, tools }: Pick<UpdateAssistantRequest, 'model' | 'knowledgeBaseIds' | 'tools'>,
  ): Promise<void> {
    assertDeclarable(tools ?? [], (host) => this.http.allows(host));
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
  const { id, name, instructions, model, knowledgeBaseIds, retrievalMode } = assistant;
  const { temperature, maxOutputTokens, metadata } = assistant;
  // The values of headers are secrets, also from those who may see the assistant.
  const tools = assistant.tools.map(({ headers = {}, ...tool }) => {
    const hidden = Object.fromEntries(Object.keys(headers).map((name) => [name, '']));
    return { ...tool, headers: hidden };
  });
  const createdAt = assistant.createdAt.toISOString();
  const grounding = { knowledgeBaseIds, retrievalMode, tools };
  return { id, name, instructions, model, ...grounding, temperature, maxOutputTokens, metadata, createdAt };
}
