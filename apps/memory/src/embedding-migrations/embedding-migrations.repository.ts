import { Injectable } from '@nestjs/common';
import { DomainError, MoveEmbeddings, TenantContext } from '@parley/contracts';
import { type EmbeddingMigration, EmbeddingMigrations, type EmbeddingSpace } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { Database } from '@parley/persistence';

const BATCH = 100;
/** Sweeps act for a tenant, not for one of its users. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

export interface SearchedSpace {
  /** Null before the first document. */
  space: EmbeddingSpace | null;
  /** Set for the knowledge base. */
  vectorWeight: number | null;
}

@Injectable()
export class EmbeddingMigrationsRepository {
  constructor(
    private readonly database: Database,
    private readonly outbox: OutboxRepository,
    private readonly migrations: EmbeddingMigrations,
  ) {}

  /** In one transaction: the migration and the command that starts the work. @throws DomainError as `EmbeddingMigrations` */
  start(
    tenant: TenantContext,
    migration: { id: string; knowledgeBaseId: string; toSpaceId: string },
  ): Promise<EmbeddingMigration> {
    return this.database.withTenant(tenant, async (tx) => {
      const started = await this.migrations.start(tx, tenant, migration);
      await this.outbox.add(tx, MoveEmbeddings, { migrationId: migration.id }, tenant, { messageId: migration.id });
      return started;
    });
  }

  /** @throws DomainError `not_found` */
  searchedSpace(tenant: TenantContext, knowledgeBaseId: string): Promise<SearchedSpace> {
    return this.database.withTenant(tenant, async (tx) => {
      const [row] = await tx.query<SearchedSpace[]>(
        `select k.vector_weight as "vectorWeight",
           case when s.id is not null then jsonb_build_object('id', s.id, 'model', s.model, 'dimensions', s.dimensions,
             'state', s.state, 'tableName', s.table_name, 'vectorWeight', s.vector_weight) end as space
         from memory.knowledge_bases k left join memory.embedding_spaces s on s.id = k.embedding_space_id
         where k.tenant_id = $1 and k.id = $2`,
        [tenant.tenantId, knowledgeBaseId],
      );
      if (row === undefined) throw DomainError.notFound('vector store', 'vector_store_id');
      return row;
    });
  }

  /** Some chunk each of so many documents: always the same ones, whatever their order. */
  async sampleTexts(tenant: TenantContext, knowledgeBaseId: string, limit: number): Promise<string[]> {
    const rows = await this.database.withTenant(tenant, (tx) =>
      tx.query<{ text: string }[]>(
        `select c.text from (
           select d.id, d.active_version, d.chunk_count, hashtext(d.id::text) as hash from memory.documents d
           where d.tenant_id = $1 and d.knowledge_base_id = $2 and d.chunk_count > 0 and d.active_version is not null
           order by hash limit $3
         ) d
         join memory.chunks c on c.tenant_id = $1 and c.document_id = d.id and c.version = d.active_version
           and c.ordinal = (d.hash & 2147483647) % d.chunk_count`,
        [tenant.tenantId, knowledgeBaseId, limit],
      ),
    );
    return rows.map(({ text }) => text);
  }

  async setVectorWeight(tenant: TenantContext, knowledgeBaseId: string, weight: number | null): Promise<void> {
    await this.database.withTenant(tenant, (tx) =>
      tx.query(
        'update memory.knowledge_bases set vector_weight = $3, updated_at = now() where tenant_id = $1 and id = $2',
        [tenant.tenantId, knowledgeBaseId, weight],
      ),
    );
  }

  /** Announces migrations of all tenants that have something to do and that nobody works on. @returns how many */
  announceFree(): Promise<number> {
    return this.database.withoutTenant(async (tx) => {
      const free = await tx.query<{ tenant_id: string; migration_id: string }[]>(
        'select * from memory.announce_embedding_migrations($1)',
        [BATCH],
      );
      for (const { tenant_id: tenantId, migration_id: migrationId } of free) {
        const tenant = TenantContext.of({ tenantId, userId: NOBODY, role: 'member' });
        await this.outbox.add(tx, MoveEmbeddings, { migrationId }, tenant);
      }
      return free.length;
    });
  }
}
