import { Injectable } from '@nestjs/common';
import { DomainError, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { type Lease } from '../ingestion/lease.js';
import { type EmbeddingSpace } from './embedding-space.js';
import { OPEN } from './migration-sql.js';
import { defaultVectorWeight } from './vector-weight.js';

const MAX_DIMENSIONS = 4_000;

const COLUMNS = `s.id, s.model, s.dimensions, s.state, s.table_name as "tableName", s.vector_weight as "vectorWeight"`;

/** The registry of embedding spaces; each has a table of its own, made with it. */
@Injectable()
export class EmbeddingSpaces {
  constructor(private readonly database: Database) {}

  /**
   * The space of a model, made now if it is new.
   * @param vectorWeight of a new space
   * @throws DomainError `invalid_request` when pgvector cannot index so many dimensions
   */
  async ensure(model: string, dimensions: number, vectorWeight = defaultVectorWeight()): Promise<EmbeddingSpace> {
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MAX_DIMENSIONS) {
      throw new DomainError('invalid_request', `Embeddings have 1 to ${MAX_DIMENSIONS} dimensions, not ${dimensions}.`);
    }
    return this.database.withoutTenant(async (tx) => {
      const spaces = await tx.query<{ id: string }[]>('select memory.ensure_embedding_space($1, $2, $3) as id', [
        model,
        dimensions,
        vectorWeight,
      ]);
      return this.#get(tx, spaces[0]!.id);
    });
  }

  /** @throws DomainError `not_found` */
  find(id: string): Promise<EmbeddingSpace> {
    return this.database.withoutTenant((tx) => this.#get(tx, id));
  }

  /** Gives a knowledge base its first space; one that has a space keeps it. @returns the one it has now */
  assign(tenant: TenantContext, knowledgeBaseId: string, spaceId: string): Promise<EmbeddingSpace> {
    return this.database.withTenant(tenant, async (tx) => {
      await tx.query(
        `update memory.knowledge_bases set embedding_space_id = $3
         where tenant_id = $1 and id = $2 and embedding_space_id is null`,
        [tenant.tenantId, knowledgeBaseId, spaceId],
      );
      const [space] = await tx.query<EmbeddingSpace[]>(
        `select ${COLUMNS} from memory.knowledge_bases k join memory.embedding_spaces s on s.id = k.embedding_space_id
         where k.tenant_id = $1 and k.id = $2`,
        [tenant.tenantId, knowledgeBaseId],
      );
      if (space === undefined) throw DomainError.notFound('knowledge base');
      if (space.state === 'retired') throw new DomainError('conflict', 'The embedding space is being removed.');
      return space;
    });
  }

  /** Both spaces of a knowledge base that is on its way from one to another; else none. */
  kept(tenant: TenantContext, knowledgeBaseId: string): Promise<EmbeddingSpace[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select ${COLUMNS} from memory.embedding_migrations m
         join memory.embedding_spaces s on s.id in (m.from_space_id, m.to_space_id)
         where m.tenant_id = $1 and m.knowledge_base_id = $2 and m.status in ${OPEN}`,
        [tenant.tenantId, knowledgeBaseId],
      ),
    );
  }

  /** Chunks of a version that have no vector in a space, in order. */
  missing(
    { tenant, documentId, version }: Pick<Lease, 'tenant' | 'documentId' | 'version'>,
    { tableName }: EmbeddingSpace,
    limit: number,
  ): Promise<{ ordinal: number; text: string }[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select c.ordinal, c.text from memory.chunks c
         where c.tenant_id = $1 and c.document_id = $2 and c.version = $3
           and not exists (select from memory.${tableName} e where e.tenant_id = $1 and e.document_id = $2
             and e.version = $3 and e.ordinal = c.ordinal)
         order by c.ordinal limit $4`,
        [tenant.tenantId, documentId, version, limit],
      ),
    );
  }

  async #get(tx: EntityManager, id: string): Promise<EmbeddingSpace> {
    const [space] = await tx.query<EmbeddingSpace[]>(
      `select ${COLUMNS} from memory.embedding_spaces s where s.id = $1`,
      [id],
    );
    if (space === undefined) throw DomainError.notFound('embedding space');
    return space;
  }
}
