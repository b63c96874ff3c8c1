import { Injectable } from '@nestjs/common';
import {
  type CreateKnowledgeBaseRequest,
  type DeletedReply,
  DomainError,
  type KnowledgeBaseView,
  type Page,
  type PageRequest,
  type TenantContext,
  type UpdateKnowledgeBaseRequest,
} from '@parley/contracts';
import { type KnowledgeBaseRow, KnowledgeBasesRepository } from './knowledge-bases.repository.js';

const DAY_MS = 86_400_000;

@Injectable()
export class KnowledgeBasesService {
  constructor(private readonly knowledgeBases: KnowledgeBasesRepository) {}

  async create(tenant: TenantContext, request: CreateKnowledgeBaseRequest): Promise<KnowledgeBaseView> {
    const base = await this.knowledgeBases.create(tenant, request);
    if (!base) throw new DomainError('conflict', 'A vector store with this id exists already.');
    return viewOf(base);
  }

  async get(tenant: TenantContext, id: string): Promise<KnowledgeBaseView> {
    return viewOf(found(await this.knowledgeBases.find(tenant, id)));
  }

  async list(tenant: TenantContext, page: PageRequest): Promise<Page<KnowledgeBaseView>> {
    const { data, hasMore } = await this.knowledgeBases.list(tenant, page);
    return { data: data.map(viewOf), hasMore };
  }

  async update(tenant: TenantContext, request: UpdateKnowledgeBaseRequest): Promise<KnowledgeBaseView> {
    return viewOf(found(await this.knowledgeBases.update(tenant, request)));
  }

  async delete(tenant: TenantContext, id: string): Promise<DeletedReply> {
    if (!(await this.knowledgeBases.delete(tenant, id))) throw DomainError.notFound('vector store');
    return { id, deleted: true };
  }
}

function found(base: KnowledgeBaseRow | null): KnowledgeBaseRow {
  if (!base) throw DomainError.notFound('vector store');
  return base;
}

function viewOf({ createdAt, lastActiveAt, ...base }: KnowledgeBaseRow): KnowledgeBaseView {
  const { id, name, description, metadata, counts, usageBytes } = base;
  const times = { createdAt: createdAt.toISOString(), lastActiveAt: lastActiveAt.toISOString() };
  const view = { id, name, description, metadata, counts, usageBytes, ...times };
  const { expiresAfterDays: days } = base;
  if (days === null) return view;
  const expiresAt = new Date(lastActiveAt.getTime() + days * DAY_MS);
  return {
    ...view,
    expiry: { days, expiresAt: expiresAt.toISOString(), isExpired: expiresAt.getTime() <= Date.now() },
  };
}
