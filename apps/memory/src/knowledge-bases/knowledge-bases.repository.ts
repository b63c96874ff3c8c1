import { Injectable } from '@nestjs/common';
import {
  type CreateKnowledgeBaseRequest,
  type DocumentCounts,
  type Page,
  type PageRequest,
  TenantContext,
  type UpdateKnowledgeBaseRequest,
} from '@parley/contracts';
import { removeDocument, removeKnowledgeBase } from '@parley/knowledge';
import { Database, keysetPage, storable } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { holdKnowledgeBases } from '../documents/holds.repository.js';
import { isExpired } from './expiry.repository.js';
import { KnowledgeBaseEntity } from './knowledge-base.entity.js';

/** Removal acts for a tenant, not for one of its users. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

export interface ExpiredDocument {
  tenantId: string;
  knowledgeBaseId: string;
  documentId: string;
}

export interface KnowledgeBaseRow extends KnowledgeBaseEntity {
  counts: DocumentCounts;
  usageBytes: number;
}

interface CountsRow {
  knowledge_base_id: string;
  in_progress: number;
  completed: number;
  failed: number;
  cancelled: number;
  total: number;
  usage_bytes: string;
}

const NOTHING = { counts: { inProgress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 }, usageBytes: 0 };

@Injectable()
export class KnowledgeBasesRepository {
  constructor(private readonly database: Database) {}

  /** The row as it is afterwards: of a repeated call, the first one's. Null when the id belongs to another tenant. */
  create(tenant: TenantContext, request: CreateKnowledgeBaseRequest): Promise<KnowledgeBaseRow | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const values = { ...storable(request), tenantId };
      await tx.createQueryBuilder().insert().into(KnowledgeBaseEntity).values(values).orIgnore().execute();
      return this.#find(tx, tenantId, request.id);
    });
  }

  find(tenant: TenantContext, id: string): Promise<KnowledgeBaseRow | null> {
    return this.database.withTenant(tenant, (tx) => this.#find(tx, tenant.tenantId, id));
  }

  list(tenant: TenantContext, page: PageRequest): Promise<Page<KnowledgeBaseRow>> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const query = tx.createQueryBuilder(KnowledgeBaseEntity, 'base').where('base.tenantId = :tenantId', { tenantId });
      const { data, hasMore } = await keysetPage(query, page);
      return { data: await withCounts(tx, tenantId, data), hasMore };
    });
  }

  /** Null when there is none. */
  update(tenant: TenantContext, { id, ...fields }: UpdateKnowledgeBaseRequest): Promise<KnowledgeBaseRow | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const active = typeof fields.expiresAfterDays === 'number' ? { lastActiveAt: () => 'now()' } : {};
      const set = { ...storable(fields), ...active, updatedAt: () => 'now()' };
      await tx.createQueryBuilder().update(KnowledgeBaseEntity).set(set).where({ id, tenantId }).execute();
      return this.#find(tx, tenantId, id);
    });
  }

  /** With all its documents and chunks; false when there is none. The files stay. */
  delete(tenant: TenantContext, id: string): Promise<boolean> {
    return this.database.withTenant(tenant, (tx) => removeKnowledgeBase(tx, tenant, id));
  }

  /** What expired knowledge bases of all tenants still hold. */
  expiredDocuments(limit: number): Promise<ExpiredDocument[]> {
    return this.database.withoutTenant((tx) =>
      tx.query(
        `select tenant_id as "tenantId", knowledge_base_id as "knowledgeBaseId", document_id as "documentId"
         from memory.expired_documents($1)`,
        [limit],
      ),
    );
  }

  /** False when it is gone, or its knowledge base was given more time. */
  removeExpired({ tenantId, knowledgeBaseId, documentId }: ExpiredDocument): Promise<boolean> {
    const tenant = TenantContext.of({ tenantId, userId: NOBODY, role: 'member' });
    return this.database.withTenant(tenant, async (tx) => {
      await holdKnowledgeBases(tx, tenantId, [knowledgeBaseId]);
      return (await isExpired(tx, tenantId, knowledgeBaseId)) && removeDocument(tx, tenant, documentId);
    });
  }

  async #find(tx: EntityManager, tenantId: string, id: string): Promise<KnowledgeBaseRow | null> {
    const base = await tx.findOneBy(KnowledgeBaseEntity, { id, tenantId });
    return base && (await withCounts(tx, tenantId, [base]))[0]!;
  }
}

async function withCounts(
  tx: EntityManager,
  tenantId: string,
  bases: KnowledgeBaseEntity[],
): Promise<KnowledgeBaseRow[]> {
  const rows: CountsRow[] = await tx.query(
    `select knowledge_base_id, count(*)::int as total, coalesce(sum(usage_bytes) filter (where duplicate_of is null), 0) as usage_bytes,
       (count(*) filter (where status in ('queued', 'parsing', 'embedding', 'indexing')))::int as in_progress,
       (count(*) filter (where status = 'completed'))::int as completed,
       (count(*) filter (where status = 'failed'))::int as failed,
       (count(*) filter (where status = 'cancelled'))::int as cancelled
     from memory.document_states where tenant_id = $1 and knowledge_base_id = any($2) group by knowledge_base_id`,
    [tenantId, bases.map((base) => base.id)],
  );
  const byId = new Map(rows.map((row) => [row.knowledge_base_id, row]));
  return bases.map((base) => {
    const row = byId.get(base.id);
    if (!row) return { ...base, ...NOTHING };
    const { in_progress: inProgress, completed, failed, cancelled, total } = row;
    return {
      ...base,
      counts: { inProgress, completed, failed, cancelled, total },
      usageBytes: Number(row.usage_bytes),
    };
  });
}
