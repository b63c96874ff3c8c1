import { Injectable } from '@nestjs/common';
import {
  type AddDocumentRequest,
  type DocumentRequest,
  DomainError,
  IngestDocument,
  type ListDocumentsRequest,
  type Page,
  type PageRequest,
  type TenantContext,
  type UpdateDocumentRequest,
} from '@parley/contracts';
import { IngestionLedger, removeDocument } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { Database, keysetPage, storable } from '@parley/persistence';
import { type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { FileEntity } from '../files/file.entity.js';
import { KnowledgeBaseEntity } from '../knowledge-bases/knowledge-base.entity.js';
import { DocumentEntity } from './document.entity.js';

export interface DocumentRow extends DocumentEntity {
  filename: string;
}

const UNFINISHED = ['queued', 'parsing', 'embedding', 'indexing'] as const;
const STATUSES = {
  in_progress: UNFINISHED,
  completed: ['completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
} as const;

@Injectable()
export class DocumentsRepository {
  constructor(
    private readonly database: Database,
    private readonly outbox: OutboxRepository,
    private readonly ledger: IngestionLedger,
  ) {}

  /**
   * In one transaction: the document, the job that ingests it and the command that starts the job. A document that is
   * there already is left alone, unless it had failed or was cancelled: then it gets another version. The same file is
   * added and removed by one at a time.
   * @throws DomainError `not_found`
   */
  add(tenant: TenantContext, request: AddDocumentRequest): Promise<DocumentRow> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      await holdKnowledgeBase(tx, tenantId, request.knowledgeBaseId);
      if (!(await holdFile(tx, tenantId, request.fileId))) throw DomainError.notFound('file', 'file_id');
      const isNew = await insertDocument(tx, tenantId, request);
      const { id, status } = (await findDocument(tx, tenantId, request))!;
      if (isNew || status === 'failed' || status === 'cancelled') await this.#startVersion(tx, tenant, id, request);
      return (await findDocument(tx, tenantId, request))!;
    });
  }

  find(tenant: TenantContext, request: DocumentRequest): Promise<DocumentRow | null> {
    return this.database.withTenant(tenant, (tx) => findDocument(tx, tenant.tenantId, request));
  }

  /**
   * Cursors are ids of files, the ids that clients know; one whose document has another status by now still counts.
   * @throws DomainError `not_found` for the knowledge base
   */
  list(tenant: TenantContext, { knowledgeBaseId, status, ...page }: ListDocumentsRequest): Promise<Page<DocumentRow>> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      if (!(await tx.existsBy(KnowledgeBaseEntity, { tenantId, id: knowledgeBaseId }))) throw noKnowledgeBase();
      const scope = { tenantId, knowledgeBaseId };
      const query = tx
        .createQueryBuilder(DocumentEntity, 'document')
        .where('document.tenantId = :tenantId and document.knowledgeBaseId = :knowledgeBaseId', scope);
      const cursors = await cursorsOf(tx, scope, page);
      if (status) {
        query.andWhere('(document.status in (:...statuses) or document.id = any(:cursors))', {
          statuses: STATUSES[status],
          cursors: Object.values(cursors),
        });
      }
      const { data, hasMore } = await keysetPage(query, { ...page, ...cursors });
      return { data: await withFilenames(tx, tenantId, data), hasMore };
    });
  }

  update(tenant: TenantContext, { attributes, ...request }: UpdateDocumentRequest): Promise<DocumentRow | null> {
    const { tenantId } = tenant;
    const where = { tenantId, knowledgeBaseId: request.knowledgeBaseId, fileId: request.fileId };
    return this.database.withTenant(tenant, async (tx) => {
      const set = { attributes: storable(attributes), updatedAt: () => 'now()' };
      await tx.createQueryBuilder().update(DocumentEntity).set(set).where(where).execute();
      return findDocument(tx, tenantId, request);
    });
  }

  /** Out of the knowledge base, with its chunks; false when it is not in it. The file stays. */
  delete(tenant: TenantContext, request: DocumentRequest): Promise<boolean> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const { knowledgeBaseId, fileId } = request;
      if (!(await holdFile(tx, tenantId, fileId))) return false;
      const document = await tx.findOneBy(DocumentEntity, { tenantId, knowledgeBaseId, fileId });
      return document !== null && removeDocument(tx, tenant, document.id);
    });
  }

  /** Of the version that search shows, in order. */
  async chunkTexts(tenant: TenantContext, documentId: string): Promise<string[]> {
    const rows: { text: string }[] = await this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select c.text from memory.chunks c
         join memory.documents d on d.tenant_id = c.tenant_id and d.id = c.document_id and d.active_version = c.version
         where c.tenant_id = $1 and c.document_id = $2 order by c.ordinal`,
        [tenant.tenantId, documentId],
      ),
    );
    return rows.map((row) => row.text);
  }

  async #startVersion(
    tx: EntityManager,
    tenant: TenantContext,
    documentId: string,
    { attributes, chunking }: AddDocumentRequest,
  ): Promise<void> {
    const jobId = uuidv7();
    await this.ledger.enqueue(tx, tenant, { jobId, documentId });
    const where = { id: documentId, tenantId: tenant.tenantId };
    const set = { attributes: storable(attributes), chunking: chunking ?? (() => 'null') };
    await tx.createQueryBuilder().update(DocumentEntity).set(set).where(where).execute();
    await this.outbox.add(tx, IngestDocument, { jobId, documentId }, tenant, { messageId: jobId });
  }
}

/** False when the knowledge base has the file already. */
async function insertDocument(tx: EntityManager, tenantId: string, request: AddDocumentRequest): Promise<boolean> {
  const inserted: unknown[] = await tx.query(
    `insert into memory.documents (id, tenant_id, knowledge_base_id, file_id) values ($1, $2, $3, $4)
     on conflict (knowledge_base_id, file_id) do nothing returning id`,
    [uuidv7(), tenantId, request.knowledgeBaseId, request.fileId],
  );
  return inserted.length > 0;
}

async function findDocument(
  tx: EntityManager,
  tenantId: string,
  request: DocumentRequest,
): Promise<DocumentRow | null> {
  const { knowledgeBaseId, fileId } = request;
  const document = await tx.findOneBy(DocumentEntity, { tenantId, knowledgeBaseId, fileId });
  return document && (await withFilenames(tx, tenantId, [document]))[0]!;
}

async function withFilenames(tx: EntityManager, tenantId: string, documents: DocumentEntity[]): Promise<DocumentRow[]> {
  if (documents.length === 0) return [];
  const where = { tenantId, id: In(documents.map((document) => document.fileId)) };
  const files = await tx.find(FileEntity, { select: { id: true, filename: true }, where });
  const names = new Map(files.map((file) => [file.id, file.filename]));
  return documents.map((document) => ({ ...document, filename: names.get(document.fileId)! }));
}

/** The documents of the files that a page begins or ends at; an unknown one stays as it is, for `keysetPage` to refuse. */
async function cursorsOf(
  tx: EntityManager,
  scope: { tenantId: string; knowledgeBaseId: string },
  { after, before }: Pick<PageRequest, 'after' | 'before'>,
): Promise<Pick<PageRequest, 'after' | 'before'>> {
  const fileIds = [after, before].filter((id) => id !== undefined);
  if (fileIds.length === 0) return {};
  const where = { ...scope, fileId: In(fileIds) };
  const documents = await tx.find(DocumentEntity, { select: { id: true, fileId: true }, where });
  const documentIds = new Map(documents.map((document) => [document.fileId, document.id]));
  const cursor = (fileId: string) => documentIds.get(fileId) ?? fileId;
  return { ...(after ? { after: cursor(after) } : {}), ...(before ? { before: cursor(before) } : {}) };
}

/** Keeps it from being deleted meanwhile. */
async function holdKnowledgeBase(tx: EntityManager, tenantId: string, id: string): Promise<void> {
  const base = await tx.findOne(KnowledgeBaseEntity, { where: { tenantId, id }, lock: { mode: 'for_key_share' } });
  if (!base) throw noKnowledgeBase();
}

/** Keeps it from being deleted, and its documents from being added or removed by anybody else; false when there is none. */
async function holdFile(tx: EntityManager, tenantId: string, id: string): Promise<boolean> {
  const file = await tx.findOne(FileEntity, { where: { tenantId, id }, lock: { mode: 'for_no_key_update' } });
  return file !== null;
}

function noKnowledgeBase(): DomainError {
  return DomainError.notFound('vector store', 'vector_store_id');
}
