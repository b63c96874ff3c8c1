import { Injectable } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { type EmbeddingSpace } from '@parley/knowledge';
import { Database } from '@parley/persistence';
import { expired, IS_EXPIRED } from '../knowledge-bases/expiry.repository.js';

export interface SearchScope {
  knowledgeBaseId: string;
  /** Null before the first document. */
  space: EmbeddingSpace | null;
  /** Whether some of its files are fetched from addresses. */
  hasPages?: boolean;
}

@Injectable()
export class SearchRepository {
  constructor(private readonly database: Database) {}

  /**
   * Those of the knowledge bases that exist; says of each, to the minute, when it was last searched.
   * @throws DomainError `knowledge_base_expired`
   */
  async scopes(tenant: TenantContext, knowledgeBaseIds: string[]): Promise<SearchScope[]> {
    const rows = await this.#scopes(tenant, knowledgeBaseIds);
    if (rows.some(({ isExpired }) => isExpired)) throw expired('vector_store_ids');
    return rows.map(({ isExpired: _, ...scope }) => scope);
  }

  /** The addresses of those of the files that are fetched from one. */
  async pageUrls(tenant: TenantContext, fileIds: readonly string[]): Promise<Map<string, string>> {
    const rows: { id: string; url: string }[] = await this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select id, source_url as url from memory.files
         where tenant_id = $1 and id = any($2) and source_url is not null`,
        [tenant.tenantId, [...new Set(fileIds)]],
      ),
    );
    return new Map(rows.map(({ id, url }) => [id, url]));
  }

  #scopes(tenant: TenantContext, knowledgeBaseIds: string[]): Promise<(SearchScope & { isExpired: boolean })[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(
        `with active as (
           update memory.knowledge_bases set last_active_at = now() where id in (
             select id from memory.knowledge_bases k
             where tenant_id = $1 and id = any($2) and last_active_at < now() - interval '1 minute' and not ${IS_EXPIRED}
             for no key update skip locked)
         )
         select k.id as "knowledgeBaseId", ${IS_EXPIRED} as "isExpired",
           case when s.id is not null then jsonb_build_object('id', s.id, 'model', s.model, 'dimensions', s.dimensions,
             'state', s.state, 'tableName', s.table_name, 'vectorWeight', coalesce(k.vector_weight, s.vector_weight)) end as space,
           exists (select from memory.web_pages w where w.tenant_id = $1 and w.knowledge_base_id = k.id) as "hasPages"
         from memory.knowledge_bases k left join memory.embedding_spaces s on s.id = k.embedding_space_id
         where k.tenant_id = $1 and k.id = any($2)`,
        [tenant.tenantId, knowledgeBaseIds],
      ),
    );
  }
}
