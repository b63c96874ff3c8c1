import { Injectable } from '@nestjs/common';
import {
  DeleteBlob,
  DomainError,
  type ListFilesRequest,
  type Page,
  type RegisterFileRequest,
  type ReplaceFileContentRequest,
  type TenantContext,
} from '@parley/contracts';
import { removeDocument } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { Database, keysetPage, storable, storableText } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { DocumentEntity } from '../documents/document.entity.js';
import { holdFiles, holdKnowledgeBases } from '../documents/holds.repository.js';
import { PlacementRepository } from '../documents/placement.repository.js';
import { FileEntity } from './file.entity.js';

export interface Replacement {
  file: FileEntity;
  changed: boolean;
}

@Injectable()
export class FilesRepository {
  constructor(
    private readonly database: Database,
    private readonly outbox: OutboxRepository,
    private readonly placement: PlacementRepository,
  ) {}

  /** The row as it is afterwards: of a repeated call, the first one's. Null when the id belongs to another tenant. */
  create(tenant: TenantContext, request: RegisterFileRequest): Promise<FileEntity | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const { expiresAfterSeconds, ...fields } = request;
      const values = { ...storable(fields), tenantId, ...expiryOf(expiresAfterSeconds) };
      await tx.createQueryBuilder().insert().into(FileEntity).values(values).orIgnore().execute();
      return tx.findOneBy(FileEntity, { id: request.id, tenantId });
    });
  }

  find(tenant: TenantContext, id: string): Promise<FileEntity | null> {
    return this.database.withTenant(tenant, (tx) => tx.findOneBy(FileEntity, { id, tenantId: tenant.tenantId }));
  }

  list(tenant: TenantContext, { purpose, ...page }: ListFilesRequest): Promise<Page<FileEntity>> {
    return this.database.withTenant(tenant, (tx) => {
      const { tenantId } = tenant;
      const query = tx.createQueryBuilder(FileEntity, 'file').where('file.tenantId = :tenantId', { tenantId });
      if (purpose) query.andWhere('file.purpose = :purpose', { purpose });
      return keysetPage(query, page);
    });
  }

  /**
   * In one transaction: the new content, a new version for every document of the file, and the command to delete the
   * original that is not needed any more. Null when there is no such file.
   */
  replaceContent(tenant: TenantContext, request: ReplaceFileContentRequest): Promise<Replacement | null> {
    const { tenantId } = tenant;
    const { fileId: id, blobKey, bytes, sha256, contentType } = request;
    return this.database.withTenant(tenant, async (tx) => {
      await holdFiles(tx, tenantId, [id]);
      const before = await tx.findOneBy(FileEntity, { id, tenantId });
      if (!before) return null;
      if (before.sourceUrl !== null)
        throw new DomainError('conflict', 'The content of the file is fetched: refresh its page.');
      if (before.blobKey === blobKey) return { file: before, changed: false };
      const changed = before.sha256 !== sha256;
      await this.outbox.add(tx, DeleteBlob, { blobKey: changed ? before.blobKey : blobKey }, tenant);
      if (!changed) return { file: before, changed };
      await tx.update(FileEntity, { id, tenantId }, { blobKey, bytes, sha256, contentType: storableText(contentType) });
      const documents = await this.#holdDocuments(tx, tenantId, id);
      for (const document of documents) await this.placement.changeContent(tx, tenant, document);
      return { file: (await tx.findOneBy(FileEntity, { id, tenantId }))!, changed };
    });
  }

  /** Files of all tenants whose time is over. */
  async expired(limit: number): Promise<{ tenantId: string; id: string }[]> {
    const rows = await this.database.withoutTenant((tx) =>
      tx.query<{ tenant_id: string; id: string }[]>('select * from memory.expired_files($1)', [limit]),
    );
    return rows.map(({ tenant_id: tenantId, id }) => ({ tenantId, id }));
  }

  /** In one transaction: its documents with their chunks, its row, and the command to delete the original. */
  delete(tenant: TenantContext, id: string): Promise<boolean> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const file = await tx.findOne(FileEntity, { where: { id, tenantId }, lock: { mode: 'pessimistic_write' } });
      if (!file) return false;
      for (const document of await this.#holdDocuments(tx, tenantId, id)) await removeDocument(tx, tenant, document.id);
      await tx.delete(FileEntity, { id, tenantId });
      await this.outbox.add(tx, DeleteBlob, { blobKey: file.blobKey }, tenant);
      return true;
    });
  }

  /** Of a file that is held, so that none is added meanwhile; read again, because one may have taken another's place. */
  async #holdDocuments(tx: EntityManager, tenantId: string, fileId: string): Promise<DocumentEntity[]> {
    const documents = await tx.findBy(DocumentEntity, { fileId, tenantId });
    if (documents.length === 0) return [];
    await holdKnowledgeBases(
      tx,
      tenantId,
      documents.map(({ knowledgeBaseId }) => knowledgeBaseId),
    );
    return tx.findBy(DocumentEntity, { fileId, tenantId });
  }
}

/** By the database's clock, which created_at is by. */
function expiryOf(seconds: number | undefined): { expiresAt?: () => string } {
  return seconds === undefined ? {} : { expiresAt: () => `now() + interval '${Number(seconds)} seconds'` };
}
