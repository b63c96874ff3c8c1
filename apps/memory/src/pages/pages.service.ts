import { Injectable } from '@nestjs/common';
import {
  type AddWebPagesRequest,
  type DeletedReply,
  type DocumentRequest,
  DomainError,
  type ListWebPagesRequest,
  type Page,
  type ScheduleWebPageRequest,
  TenantContext,
  type WebPageView,
} from '@parley/contracts';
import { EgressError, EgressPolicy } from '@parley/egress';
import { FilesService } from '../files/files.service.js';
import { PageRowsRepository, type WebPageRow } from './page-rows.repository.js';
import { type DuePage, PagesRepository } from './pages.repository.js';

/** Refreshes act for a tenant, not for one of its users. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

@Injectable()
export class PagesService {
  constructor(
    private readonly pages: PagesRepository,
    private readonly rows: PageRowsRepository,
    private readonly files: FilesService,
    private readonly egress: EgressPolicy,
  ) {}

  /** @throws DomainError `url_refused` for an address that would not be fetched anyway */
  async add(tenant: TenantContext, request: AddWebPagesRequest): Promise<{ data: WebPageView[] }> {
    const { urls, knowledgeBaseId, attributes, chunking = null, refreshIntervalHours = null } = request;
    if (chunking && chunking.chunkOverlapTokens * 2 > chunking.maxChunkSizeTokens) {
      throw new DomainError('invalid_request', 'The overlap may be at most half of the chunk size.', {
        param: 'chunking_strategy',
      });
    }
    const spellings = urls.map((url, index) => this.#spelling(url, index));
    const wishes = { knowledgeBaseId, attributes, chunking, refreshIntervalHours };
    const rows = await this.pages.add(tenant, [...new Set(spellings)], wishes);
    const byUrl = new Map(rows.map((row) => [row.url, viewOf(row)]));
    return { data: spellings.map((url) => byUrl.get(url)!) };
  }

  async get(tenant: TenantContext, request: DocumentRequest): Promise<WebPageView> {
    return viewOf(found(await this.rows.find(tenant, request)));
  }

  async list(tenant: TenantContext, request: ListWebPagesRequest): Promise<Page<WebPageView>> {
    const { data, hasMore } = await this.rows.list(tenant, request);
    return { data: data.map(viewOf), hasMore };
  }

  async schedule(tenant: TenantContext, request: ScheduleWebPageRequest): Promise<WebPageView> {
    return viewOf(found(await this.pages.schedule(tenant, request)));
  }

  async refresh(tenant: TenantContext, request: DocumentRequest): Promise<WebPageView> {
    return viewOf(found(await this.pages.refresh(tenant, request)));
  }

  async delete(tenant: TenantContext, request: DocumentRequest): Promise<DeletedReply> {
    found(await this.rows.find(tenant, request));
    return this.files.delete(tenant, request.fileId);
  }

  claimDue(limit: number): Promise<DuePage[]> {
    return this.pages.claimDue(limit);
  }

  async refreshDue({
    tenant_id: tenantId,
    knowledge_base_id: knowledgeBaseId,
    file_id: fileId,
  }: DuePage): Promise<void> {
    const tenant = TenantContext.of({ tenantId, userId: NOBODY, role: 'member' });
    await this.pages.refresh(tenant, { knowledgeBaseId, fileId });
  }

  #spelling(url: string, index: number): string {
    try {
      return this.egress.checkUrl(url).href;
    } catch (error) {
      if (!(error instanceof EgressError)) throw error;
      throw new DomainError('url_refused', error.message, { param: `urls.${index}` });
    }
  }
}

function found(row: WebPageRow | null): WebPageRow {
  if (!row) throw DomainError.notFound('page in this knowledge base');
  return row;
}

function viewOf(row: WebPageRow): WebPageView {
  const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    publishedAt: iso(row.publishedAt),
    fetchedAt: iso(row.fetchedAt),
    lastCheckedAt: iso(row.lastCheckedAt),
    nextRefreshAt: iso(row.nextRefreshAt),
  };
}
