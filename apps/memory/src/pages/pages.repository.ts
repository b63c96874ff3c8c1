import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type Attributes,
  type ChunkingOptions,
  type DocumentRequest,
  type DocumentStatus,
  IngestDocument,
  type ScheduleWebPageRequest,
  type TenantContext,
} from '@parley/contracts';
import { IngestionLedger } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { Database, storableJson } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { holdFiles, holdKnowledgeBase } from '../documents/holds.repository.js';
import { findPage, pagesById, type WebPageRow } from './page-rows.repository.js';

export interface PageWishes {
  knowledgeBaseId: string;
  attributes: Attributes;
  chunking: ChunkingOptions | null;
  refreshIntervalHours: number | null;
}

export interface DuePage {
  tenant_id: string;
  knowledge_base_id: string;
  file_id: string;
}

interface KnownPage {
  id: string;
  url: string;
  document_id: string;
  status: DocumentStatus;
}

const UNFINISHED: ReadonlySet<DocumentStatus> = new Set(['queued', 'parsing', 'embedding', 'indexing']);
/** Pages that were added together are not refreshed together. */
const NEXT_REFRESH = `clock_timestamp() + refresh_interval_hours * (0.95 + random() * 0.1) * interval '1 hour'`;

/** Rows are held in the order files, knowledge base, jobs, documents, pages. */
@Injectable()
export class PagesRepository {
  constructor(
    private readonly database: Database,
    private readonly outbox: OutboxRepository,
    private readonly ledger: IngestionLedger,
  ) {}

  /**
   * In one transaction: files, documents and jobs for addresses that are new to the knowledge base, with the commands that
   * start the jobs. A page that is there already is left alone, unless it had failed or was cancelled.
   * @param urls in their one spelling, each once
   * @throws DomainError `not_found` for the knowledge base
   */
  add(tenant: TenantContext, urls: readonly string[], wishes: PageWishes): Promise<WebPageRow[]> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const held = await knownPages(tx, tenantId, wishes.knowledgeBaseId, urls);
      const heldIds = held.map(({ id }) => id);
      await holdFiles(tx, tenantId, heldIds);
      await holdKnowledgeBase(tx, tenantId, wishes.knowledgeBaseId);
      const known = await knownPages(tx, tenantId, wishes.knowledgeBaseId, urls);
      const knownUrls = new Map(known.map((page) => [page.url, page]));
      const added = urls
        .filter((url) => !knownUrls.has(url))
        .map((url) => ({ id: uuidv7(), documentId: uuidv7(), url }));
      await insertPages(tx, tenantId, added, wishes);
      const dead = known.filter(
        ({ id, status }) => heldIds.includes(id) && (status === 'failed' || status === 'cancelled'),
      );
      await this.#startVersions(tx, tenant, [
        ...added.map(({ documentId }) => documentId),
        ...dead.map((page) => page.document_id),
      ]);
      await renewWishes(tx, tenantId, dead, wishes);
      const ids = new Map([...known, ...added].map(({ url, id }) => [url, id]));
      return pagesById(
        tx,
        tenantId,
        urls.map((url) => ids.get(url)!),
      );
    });
  }

  /** While the page is worked on anyway this changes nothing. Null when there is no such page. */
  refresh(tenant: TenantContext, request: DocumentRequest): Promise<WebPageRow | null> {
    const { tenantId } = tenant;
    const { knowledgeBaseId, fileId } = request;
    return this.database.withTenant(tenant, async (tx) => {
      await holdFiles(tx, tenantId, [fileId]);
      await holdKnowledgeBase(tx, tenantId, knowledgeBaseId);
      const page = await findPage(tx, tenantId, request);
      if (!page || UNFINISHED.has(page.status)) return page;
      const [document] = await tx.query<{ id: string }[]>(
        'select id from memory.documents where tenant_id = $1 and knowledge_base_id = $2 and file_id = $3',
        [tenantId, knowledgeBaseId, fileId],
      );
      const [jobId] = await this.#startVersions(tx, tenant, [document!.id]);
      await tx.query(
        `update memory.web_pages set refresh_job_id = $3, next_refresh_at = ${NEXT_REFRESH} where tenant_id = $1 and id = $2`,
        [tenantId, fileId, jobId],
      );
      return findPage(tx, tenantId, request);
    });
  }

  schedule(tenant: TenantContext, request: ScheduleWebPageRequest): Promise<WebPageRow | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      await tx.query(
        `update memory.web_pages set refresh_interval_hours = $4
         where tenant_id = $1 and knowledge_base_id = $2 and id = $3`,
        [tenantId, request.knowledgeBaseId, request.fileId, request.refreshIntervalHours],
      );
      await tx.query(`update memory.web_pages set next_refresh_at = ${NEXT_REFRESH} where tenant_id = $1 and id = $2`, [
        tenantId,
        request.fileId,
      ]);
      return findPage(tx, tenantId, request);
    });
  }

  /** Of all tenants, each in turn; whoever takes them has ten minutes to begin the refresh before they are due again. */
  claimDue(limit: number): Promise<DuePage[]> {
    return this.database.withoutTenant((tx) =>
      tx.query<DuePage[]>(`select * from memory.claim_due_pages($1, interval '10 minutes')`, [limit]),
    );
  }

  async #startVersions(tx: EntityManager, tenant: TenantContext, documentIds: readonly string[]): Promise<string[]> {
    if (documentIds.length === 0) return [];
    const jobs = documentIds.map((documentId) => ({ jobId: uuidv7(), documentId }));
    await this.ledger.enqueueAll(tx, tenant, jobs);
    const commands = jobs.map((job) => ({ messageId: job.jobId, payload: job }));
    await this.outbox.addAll(tx, IngestDocument, commands, tenant);
    return jobs.map(({ jobId }) => jobId);
  }
}

async function knownPages(
  tx: EntityManager,
  tenantId: string,
  knowledgeBaseId: string,
  urls: readonly string[],
): Promise<KnownPage[]> {
  return tx.query<KnownPage[]>(
    `select p.id, p.url, d.id as document_id, d.status from memory.web_pages p
     join memory.documents d on d.tenant_id = $1 and d.knowledge_base_id = $2 and d.file_id = p.id
     where p.tenant_id = $1 and p.knowledge_base_id = $2 and p.url = any($3)`,
    [tenantId, knowledgeBaseId, urls],
  );
}

/** Until it is fetched the file is named after its host, and names an original that does not exist. */
async function insertPages(
  tx: EntityManager,
  tenantId: string,
  pages: readonly { id: string; documentId: string; url: string }[],
  { knowledgeBaseId, attributes, chunking, refreshIntervalHours }: PageWishes,
): Promise<void> {
  if (pages.length === 0) return;
  const ids = pages.map(({ id }) => id);
  const urls = pages.map(({ url }) => url);
  await tx.query(
    `insert into memory.files (id, tenant_id, filename, content_type, bytes, sha256, purpose, blob_key, source_url)
     select n.id, $1, n.filename, 'text/html', 0, n.sha256, 'assistants', $1::uuid || '/' || n.id, n.url
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as n(id, url, filename, sha256)`,
    [tenantId, ids, urls, urls.map((url) => `${new URL(url).hostname}.html`), urls.map(hashOf)],
  );
  await tx.query(
    `insert into memory.documents (id, tenant_id, knowledge_base_id, file_id, attributes, chunking)
     select n.id, $1, $2, n.file_id, $3::jsonb, $4::jsonb from unnest($5::uuid[], $6::uuid[]) as n(id, file_id)`,
    [
      tenantId,
      knowledgeBaseId,
      storableJson(attributes),
      chunking && JSON.stringify(chunking),
      pages.map(({ documentId }) => documentId),
      ids,
    ],
  );
  await tx.query(
    `insert into memory.web_pages (id, tenant_id, knowledge_base_id, url, refresh_interval_hours)
     select n.id, $1, $2, n.url, $3 from unnest($4::uuid[], $5::text[]) as n(id, url)`,
    [tenantId, knowledgeBaseId, refreshIntervalHours, ids, urls],
  );
  await tx.query(
    `update memory.web_pages set next_refresh_at = ${NEXT_REFRESH} where tenant_id = $1 and id = any($2)`,
    [tenantId, ids],
  );
}

async function renewWishes(
  tx: EntityManager,
  tenantId: string,
  pages: readonly KnownPage[],
  { attributes, chunking, refreshIntervalHours }: PageWishes,
): Promise<void> {
  if (pages.length === 0) return;
  await tx.query(
    'update memory.documents set attributes = $3::jsonb, chunking = $4::jsonb where tenant_id = $1 and id = any($2)',
    [tenantId, pages.map((page) => page.document_id), storableJson(attributes), chunking && JSON.stringify(chunking)],
  );
  await tx.query(`update memory.web_pages set refresh_interval_hours = $3 where tenant_id = $1 and id = any($2)`, [
    tenantId,
    pages.map(({ id }) => id),
    refreshIntervalHours,
  ]);
  await tx.query(
    `update memory.web_pages set next_refresh_at = ${NEXT_REFRESH} where tenant_id = $1 and id = any($2)`,
    [tenantId, pages.map(({ id }) => id)],
  );
}

/** Stands for the content that is not known yet; of no other file. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
