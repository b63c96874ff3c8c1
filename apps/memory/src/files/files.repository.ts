import { Injectable } from '@nestjs/common';
import {
  DeleteBlob,
  type ListFilesRequest,
  type Page,
  type RegisterFileRequest,
  type TenantContext,
} from '@parley/contracts';
import { removeDocument } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { Database, keysetPage, storable } from '@parley/persistence';
import { DocumentEntity } from '../documents/document.entity.js';
import { FileEntity } from './file.entity.js';

@Injectable()
export class FilesRepository {
  constructor(
    private readonly database: Database,
    private readonly outbox: OutboxRepository,
  ) {}

  /** The row as it is afterwards: of a repeated call, the first one's. Null when the id belongs to another tenant. */
  create(tenant: TenantContext, request: RegisterFileRequest): Promise<FileEntity | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const values = { ...storable(request), tenantId };
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

  /** In one transaction: its documents with their chunks, its row, and the command to delete the original. */
  delete(tenant: TenantContext, id: string): Promise<boolean> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const file = await tx.findOne(FileEntity, { where: { id, tenantId }, lock: { mode: 'pessimistic_write' } });
      if (!file) return false;
      for (const document of await tx.findBy(DocumentEntity, { fileId: id, tenantId })) {
        await removeDocument(tx, tenant, document.id);
      }
      await tx.delete(FileEntity, { id, tenantId });
      await this.outbox.add(tx, DeleteBlob, { blobKey: file.blobKey }, tenant);
      return true;
    });
  }
}
