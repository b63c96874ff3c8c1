import { Injectable } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { vectorText } from '../spaces/vector-text.js';
import { compileFilter } from './attribute-filter.js';
import { CANDIDATES, DEFAULT_PLAN, type KnowledgeQuery } from './knowledge-search.js';

/** As many hits as a search shows by default. */
const TOP = 10;
/** An exact search reads every vector of its scope. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** Compares what the approximate index finds with what there is. */
@Injectable()
export class VectorRecall {
  constructor(private readonly database: Database) {}

  /**
   * Repeats the vector part of a search by the index and exactly, in one snapshot.
   * @returns the share, 0 to 1, of the nearest chunks that the index finds; null when the search is exact anyway
   */
  measure(
    tenant: TenantContext,
    {
      knowledgeBaseIds,
      embedding,
      filter,
      plan,
    }: Pick<KnowledgeQuery, 'knowledgeBaseIds' | 'embedding' | 'filter' | 'plan'>,
  ): Promise<number | null> {
    if (embedding === undefined) return Promise.resolve(null);
    const { exactBelow } = { ...DEFAULT_PLAN, ...plan };
    const parameters = [
      tenant.tenantId,
      knowledgeBaseIds,
      embedding.space.id,
      vectorText(embedding.vector),
      filter === undefined ? null : compileFilter(filter),
      JSON.stringify({ top: TOP, candidates: CANDIDATES, exactBelow }),
    ];
    return this.database.withTenant(tenant, async (tx) => {
      await tx.query(`set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
      const [row] = await tx.query<{ recall: number | null }[]>(
        'select memory.vector_recall($1, $2, $3, $4, $5::text::jsonpath, $6) as recall',
        parameters,
      );
      return row!.recall;
    });
  }
}
