import { Injectable } from '@nestjs/common';
import {
  AddDocument,
  CreateKnowledgeBase,
  DeleteKnowledgeBase,
  DomainError,
  GetKnowledgeBase,
  type KnowledgeBaseView,
  ListKnowledgeBases,
  type Page,
  Search,
  type SearchReply,
  type SearchRequest,
  type TenantContext,
  UpdateKnowledgeBase,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { newId } from '../idempotency/idempotency-scope.js';
import { parseIds } from '../wire/id-list.js';
import { type PageFields } from '../wire/page.query.js';
import { chunkingOptions } from './chunking-strategy.js';
import { type CreateVectorStoreBody, type UpdateVectorStoreBody } from './vector-store.request.js';

/** Files attached at the same time. */
const ATTACH_CONCURRENCY = 8;

@Injectable()
export class KnowledgeBasesService {
  constructor(private readonly bus: MessageBus) {}

  /** Attaches the named files too; when one of them cannot be attached, nothing is created. */
  async create(tenant: TenantContext, body: CreateVectorStoreBody): Promise<KnowledgeBaseView> {
    const fileIds = parseIds('file', body.file_ids ?? [], 'file', 'file_ids');
    const chunking = chunkingOptions(body.chunking_strategy);
    const id = newId();
    const created = await this.bus.request(
      CreateKnowledgeBase,
      {
        id,
        name: body.name ?? '',
        metadata: body.metadata ?? {},
        ...text('description', body.description),
        ...(body.expires_after ? { expiresAfterDays: body.expires_after.days } : {}),
      },
      tenant,
    );
    if (fileIds.length === 0) return created;
    try {
      for (let at = 0; at < fileIds.length; at += ATTACH_CONCURRENCY) {
        const batch = fileIds.slice(at, at + ATTACH_CONCURRENCY).map(async (fileId, offset) => {
          const document = { knowledgeBaseId: id, fileId, attributes: {}, ...chunking };
          await this.bus.request(AddDocument, document, tenant).catch((error: unknown) => {
            throw named(error, `file_ids.${at + offset}`);
          });
        });
        await Promise.all(batch);
      }
      return await this.get(tenant, id);
    } catch (error) {
      await this.delete(tenant, id).catch(() => undefined);
      throw error;
    }
  }

  list(tenant: TenantContext, page: PageFields): Promise<Page<KnowledgeBaseView>> {
    return this.bus.request(ListKnowledgeBases, page, tenant);
  }

  get(tenant: TenantContext, id: string): Promise<KnowledgeBaseView> {
    return this.bus.request(GetKnowledgeBase, { id }, tenant);
  }

  update(tenant: TenantContext, id: string, body: UpdateVectorStoreBody): Promise<KnowledgeBaseView> {
    const expiry = body.expires_after === undefined ? {} : { expiresAfterDays: body.expires_after?.days ?? null };
    const metadata = body.metadata === undefined ? {} : { metadata: body.metadata ?? {} };
    return this.bus.request(
      UpdateKnowledgeBase,
      { id, ...text('name', body.name), ...text('description', body.description), ...metadata, ...expiry },
      tenant,
    );
  }

  async delete(tenant: TenantContext, id: string): Promise<void> {
    await this.bus.request(DeleteKnowledgeBase, { id }, tenant);
  }

  search(tenant: TenantContext, request: SearchRequest): Promise<SearchReply> {
    return this.bus.request(Search, request, tenant);
  }
}

function text<K extends string>(key: K, value: string | null | undefined): Partial<Record<K, string>> {
  return typeof value === 'string' ? ({ [key]: value } as Partial<Record<K, string>>) : {};
}

/** The fault of one file among those of the request. */
function named(error: unknown, param: string): unknown {
  if (!(error instanceof DomainError) || error.param !== 'file_id') return error;
  return new DomainError(error.code, error.message, { param });
}
