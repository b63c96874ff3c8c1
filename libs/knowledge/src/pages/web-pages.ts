import { Injectable } from '@nestjs/common';
import { Database, storableJson } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { type Lease, LeaseLostError } from '../ingestion/lease.js';

/** What a job has fetched: kept until it ends, so that its next attempt goes on with the same content. */
export interface FetchedContent {
  jobId: string;
  blobKey: string;
  bytes: number;
  sha256: string;
  /** As the server declared it. */
  contentType: string;
  /** Where the redirects led. */
  finalUrl: string;
  etag: string | null;
  lastModified: string | null;
  /** ISO 8601 */
  fetchedAt: string;
}

/** A page as a worker finds it. */
export interface WebPage {
  id: string;
  url: string;
  /** The job need not index anything when the content, or what is made of it, is as before. */
  isRefresh: boolean;
  etag: string | null;
  lastModified: string | null;
  contentSha256: string | null;
  chunksSha256: string | null;
  fetched: FetchedContent | null;
}

/** What is recorded of a page that was indexed. */
export interface IndexedPage {
  chunksSha256: string;
  contentType: string;
  filename: string;
  title: string | null;
  byline: string | null;
  language: string | null;
  /** ISO 8601 */
  publishedAt: string | null;
}

/** The worker's side of documents whose file is fetched from an address. */
@Injectable()
export class WebPages {
  constructor(private readonly database: Database) {}

  /** Null when the document of the job is an uploaded file. */
  async of({ tenant, file, knowledgeBaseId, jobId }: Lease): Promise<WebPage | null> {
    const [page] = await this.database.withTenant(tenant, (tx) =>
      tx.query<WebPage[]>(
        `select p.id, p.url, p.etag, p.last_modified as "lastModified", p.content_sha256 as "contentSha256",
           p.chunks_sha256 as "chunksSha256", p.fetched,
           p.refresh_job_id is not distinct from $4::uuid and p.chunks_sha256 is not null
             and d.active_version is not null as "isRefresh"
         from memory.web_pages p
         join memory.documents d on d.tenant_id = $1 and d.knowledge_base_id = $3 and d.file_id = p.id
         where p.tenant_id = $1 and p.id = $2 and p.knowledge_base_id = $3`,
        [tenant.tenantId, file.id, knowledgeBaseId, jobId],
      ),
    );
    return page ?? null;
  }

  /** The content is in the blob store already. @throws LeaseLostError */
  async keep(lease: Lease, fetched: FetchedContent): Promise<void> {
    const { tenant, jobId, token, file } = lease;
    const kept = await this.database.withTenant(tenant, (tx) =>
      tx.query<unknown[]>(
        `with page as (
           update memory.web_pages p set fetched = $5::jsonb from memory.ingestion_jobs j
           where p.tenant_id = $1 and p.id = $2 and j.tenant_id = $1 and j.id = $3 and j.lease_token = $4
           returning 1
         )
         select * from page`,
        [tenant.tenantId, file.id, jobId, token, storableJson(fetched)],
      ),
    );
    if (kept.length === 0) throw new LeaseLostError(lease);
  }

  /** For the transaction that ends the job: what was fetched becomes the content of the file. */
  indexed({ tenant }: Lease, page: WebPage, seen: IndexedPage): (tx: EntityManager) => Promise<void> {
    return async (tx) => {
      const parameters = [tenant.tenantId, page.id, storableJson(seen)];
      await tx.query(`select memory.settle_page($1, $2, 'indexed', $3::jsonb)`, parameters);
    };
  }

  /** For the transaction that ends the job: what was fetched, if it was, is forgotten. */
  unchanged(
    { tenant }: Lease,
    page: WebPage,
    seen: Pick<WebPage, 'etag' | 'lastModified'>,
  ): (tx: EntityManager) => Promise<void> {
    return async (tx) => {
      const parameters = [tenant.tenantId, page.id, storableJson(seen)];
      await tx.query(`select memory.settle_page($1, $2, 'unchanged', $3::jsonb)`, parameters);
    };
  }
}
