import { Injectable } from '@nestjs/common';
import {
  type DocumentRequest,
  type ListWebPagesRequest,
  type Page,
  type TenantContext,
  type WebPageView,
} from '@parley/contracts';
import { Database, keysetPage } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { noKnowledgeBase } from '../documents/holds.repository.js';
import { KnowledgeBaseEntity } from '../knowledge-bases/knowledge-base.entity.js';
import { WebPageEntity } from './web-page.entity.js';

/** As it is shown, but for the dates. */
export type WebPageRow = {
  [Key in keyof WebPageView]: Key extends `${string}At` ? Date | Extract<WebPageView[Key], null> : WebPageView[Key];
};

/** Reads pages together with their documents and files. */
@Injectable()
export class PageRowsRepository {
  constructor(private readonly database: Database) {}

  find(tenant: TenantContext, request: DocumentRequest): Promise<WebPageRow | null> {
    return this.database.withTenant(tenant, (tx) => findPage(tx, tenant.tenantId, request));
  }

  /** @throws DomainError `not_found` for the knowledge base */
  list(tenant: TenantContext, { knowledgeBaseId, ...page }: ListWebPagesRequest): Promise<Page<WebPageRow>> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      if (!(await tx.existsBy(KnowledgeBaseEntity, { tenantId, id: knowledgeBaseId }))) throw noKnowledgeBase();
      const query = tx
        .createQueryBuilder(WebPageEntity, 'page')
        .where('page.tenantId = :tenantId and page.knowledgeBaseId = :knowledgeBaseId', { tenantId, knowledgeBaseId });
      const { data, hasMore } = await keysetPage(query, page);
      return {
        data: await pagesById(
          tx,
          tenantId,
          data.map(({ id }) => id),
        ),
        hasMore,
      };
    });
  }
}

export async function findPage(
  tx: EntityManager,
  tenantId: string,
  { knowledgeBaseId, fileId }: DocumentRequest,
): Promise<WebPageRow | null> {
  const [page] = await pagesById(tx, tenantId, [fileId]);
  return page?.knowledgeBaseId === knowledgeBaseId ? page : null;
}

/** In the order of the ids; those that do not exist are left out. */
export async function pagesById(tx: EntityManager, tenantId: string, ids: readonly string[]): Promise<WebPageRow[]> {
  const rows = await tx.query<WebPageRow[]>(ROWS, [tenantId, ids]);
  const byId = new Map(rows.map((row) => [row.fileId, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

const ROWS = `
  select p.id as "fileId", p.knowledge_base_id as "knowledgeBaseId", f.filename, d.status,
    case when d.error_code is not null then jsonb_build_object('code', d.error_code, 'message', d.error_message) end as error,
    d.progress_percent as "progressPercent", d.chunk_count as "chunkCount", d.usage_bytes::float8 as "usageBytes",
    d.attributes, p.created_at as "createdAt", p.url, p.final_url as "finalUrl", p.title, p.byline, p.language,
    p.published_at as "publishedAt", p.outcome, p.fetched_at as "fetchedAt", p.last_checked_at as "lastCheckedAt",
    p.refresh_interval_hours as "refreshIntervalHours", p.next_refresh_at as "nextRefreshAt"
  from memory.web_pages p
  join memory.files f on f.tenant_id = $1 and f.id = p.id
  join memory.documents d on d.tenant_id = $1 and d.knowledge_base_id = p.knowledge_base_id and d.file_id = p.id
  where p.tenant_id = $1 and p.id = any($2)`;
