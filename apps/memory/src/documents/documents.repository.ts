import { Injectable } from '@nestjs/common';
import {
  type AddDocumentRequest,
  type DocumentRequest,
  DomainError,
  type ListDocumentsRequest,
  type Page,
  type PageRequest,
  type TenantContext,
  type UpdateDocumentRequest,
} from '@parley/contracts';
import { removeDocument } from '@parley/knowledge';
import { Database, keysetPage } from '@parley/persistence';
import { type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { FileEntity } from '../files/file.entity.js';
import { KnowledgeBaseEntity } from '../knowledge-bases/knowledge-base.entity.js';
import { DocumentEntity } from './document.entity.js';
import { holdFiles, holdKnowledgeBase, holdKnowledgeBases, noKnowledgeBase } from './holds.repository.js';
import { PlacementRepository } from './placement.repository.js';

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
    private readonly placement: PlacementRepository,
  ) {}

  /**
   * In one transaction: the document and, unless its content is there already, the job that ingests it and the command
   * that starts the job.
   * @throws DomainError `not_found`
   */
  add(tenant: TenantContext, { knowledgeBaseId, fileId, attributes, chunking }: AddDocumentRequest) {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx): Promise<DocumentRow> => {
      const files = await holdFiles(tx, tenantId, [fileId]);
      await holdKnowledgeBase(tx, tenantId, knowledgeBaseId);
      if (!files.has(fileId)) throw DomainError.notFound('file', 'file_id');
      const placing = { fileId, attributes, chunking: chunking ?? null };
      await this.placement.add(tx, tenant, knowledgeBaseId, [placing]);
      return (await findDocument(tx, tenantId, { knowledgeBaseId, fileId }))!;
    });
  }

  find(tenant: TenantContext, request: DocumentRequest): Promise<DocumentRow | null> {
    return this.database.withTenant(tenant, (tx) => findDocument(tx, tenant.tenantId, request));
  }

  /**
   * Of a knowledge base, or of one of its batches. Cursors are ids of files, the ids that clients know; one whose document
   * has another status by now still counts.
   * @throws DomainError `not_found` for the knowledge base or the batch
   */
  list(
    tenant: TenantContext,
    { knowledgeBaseId, status, ...page }: ListDocumentsRequest & { batchId?: string },
  ): Promise<Page<DocumentRow>> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      if (!(await tx.existsBy(KnowledgeBaseEntity, { tenantId, id: knowledgeBaseId }))) throw noKnowledgeBase();
      const scope = { tenantId, knowledgeBaseId };
      const query = tx
        .createQueryBuilder(DocumentEntity, 'document')
        .where('document.tenantId = :tenantId and document.knowledgeBaseId = :knowledgeBaseId', scope);
      if (page.batchId !== undefined) await narrowToBatch(tx, query, scope, page.batchId);
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
    return this.#holding(tenant, request, async (tx, document) => {
      await this.placement.changeAttributes(tx, tenant, document, attributes);
      return findDocument(tx, tenant.tenantId, request);
    });
  }

  /** Out of the knowledge base, with its chunks; false when it is not in it. The file stays. */
  async delete(tenant: TenantContext, request: DocumentRequest): Promise<boolean> {
    return (await this.#holding(tenant, request, (tx, { id }) => removeDocument(tx, tenant, id))) ?? false;
  }

  /** Of the version that search shows, in order. @param contentId the document that has the chunks */
  async chunkTexts(tenant: TenantContext, contentId: string): Promise<string[]> {
    const rows: { text: string }[] = await this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select c.text from memory.chunks c
         join memory.documents d on d.tenant_id = c.tenant_id and d.id = c.document_id and d.active_version = c.version
         where c.tenant_id = $1 and c.document_id = $2 order by c.ordinal`,
        [tenant.tenantId, contentId],
      ),
    );
    return rows.map((row) => row.text);
  }

  /** Null when there is no such document. */
  #holding<T>(
    tenant: TenantContext,
    { knowledgeBaseId, fileId }: DocumentRequest,
    work: (tx: EntityManager, document: DocumentEntity) => Promise<T>,
  ): Promise<T | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      await holdFiles(tx, tenantId, [fileId]);
      await holdKnowledgeBases(tx, tenantId, [knowledgeBaseId]);
      const document = await tx.findOneBy(DocumentEntity, { tenantId, knowledgeBaseId, fileId });
      return document && work(tx, document);
    });
  }
}

async function narrowToBatch(
  tx: EntityManager,
  query: SelectQueryBuilder<DocumentEntity>,
  { tenantId, knowledgeBaseId }: { tenantId: string; knowledgeBaseId: string },
  batchId: string,
): Promise<void> {
  const batches = await tx.query<unknown[]>(
    'select id from memory.file_batches where tenant_id = $1 and knowledge_base_id = $2 and id = $3',
    [tenantId, knowledgeBaseId, batchId],
  );
  if (batches.length === 0) throw DomainError.notFound('file batch');
  query.andWhere(
    `document.fileId in (select f.file_id from memory.file_batch_files f
       where f.tenant_id = :tenantId and f.batch_id = :batchId)`,
    { batchId },
  );
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
