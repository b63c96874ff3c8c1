import { Injectable } from '@nestjs/common';
import { DomainError, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { type EmbeddingSpace } from './embedding-space.js';
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
      return space;
    });
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
