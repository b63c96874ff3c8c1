import { Injectable } from '@nestjs/common';
import {
  type CompareEmbeddingSpacesRequest,
  DomainError,
  type EmbeddingComparison,
  type SpaceQuality,
  type TenantContext,
} from '@parley/contracts';
import {
  documentsInOrder,
  type EmbeddingMigration,
  EmbeddingMigrations,
  type EmbeddingSpace,
  KnowledgeSearch,
  mean,
  qualityAt,
} from '@parley/knowledge';
import { EmbeddingProviders } from '@parley/llm';
import { EmbeddingMigrationsRepository } from './embedding-migrations.repository.js';
import { overlapAt } from './overlap.js';

const DEPTH = 10;
/** Chunks per query, so that ten different files are among them. */
const CHUNKS_FOR_FILES = 50;
const MAX_SENTENCE_CHARACTERS = 300;
const MAX_DIFFERING = 10;

/** What one space finds for a query, best first. */
interface Ranking {
  chunkIds: string[];
  vectorChunkIds: string[];
  fileIds: string[];
}

/** What would change for those who search, before it does. */
@Injectable()
export class ComparisonService {
  constructor(
    private readonly repository: EmbeddingMigrationsRepository,
    private readonly migrations: EmbeddingMigrations,
    private readonly providers: EmbeddingProviders,
    private readonly knowledge: KnowledgeSearch,
  ) {}

  /** @throws DomainError `not_found`; `conflict` while one of the spaces is not complete; those of the providers */
  async compare(
    tenant: TenantContext,
    request: CompareEmbeddingSpacesRequest,
    signal: AbortSignal,
  ): Promise<EmbeddingComparison> {
    const migration = await this.migrations.get(tenant, request);
    const isOpen = migration.status === 'ready' || migration.status === 'switched';
    if (!isOpen || !migration.isFilled) {
      throw new DomainError('conflict', 'Both spaces can be compared once the new one is filled and until it is over.');
    }
    const queries = await this.#queries(tenant, request);
    const from = await this.#rankings(tenant, migration, migration.from, queries, signal);
    const to = await this.#rankings(tenant, migration, migration.to, queries, signal);
    const overlaps = queries.flatMap((query, index) => {
      const overlap = overlapAt(DEPTH, from[index]!.chunkIds, to[index]!.chunkIds);
      return overlap === null ? [] : [{ query, overlapAt10: overlap }];
    });
    const vectorOverlaps = from.map((ranking, index) =>
      overlapAt(DEPTH, ranking.vectorChunkIds, to[index]!.vectorChunkIds),
    );
    const differing = overlaps.filter((each) => each.overlapAt10 < 1).sort((a, b) => a.overlapAt10 - b.overlapAt10);
    return {
      queryCount: queries.length,
      overlapAt10: meanOf(overlaps.map((each) => each.overlapAt10)),
      vectorOverlapAt10: meanOf(vectorOverlaps.filter((overlap) => overlap !== null)),
      quality: request.questions?.length ? { from: qualityOf(from, request), to: qualityOf(to, request) } : null,
      differing: differing.slice(0, MAX_DIFFERING),
    };
  }

  async #queries(
    tenant: TenantContext,
    { knowledgeBaseId, ...request }: CompareEmbeddingSpacesRequest,
  ): Promise<string[]> {
    const given = request.questions?.map(({ query }) => query) ?? request.queries;
    const texts = given ?? (await this.repository.sampleTexts(tenant, knowledgeBaseId, request.sample));
    const queries = given ?? texts.map(firstSentence);
    return queries.filter((query) => query.trim() !== '');
  }

  async #rankings(
    tenant: TenantContext,
    { knowledgeBaseId }: EmbeddingMigration,
    space: EmbeddingSpace,
    queries: string[],
    signal: AbortSignal,
  ): Promise<Ranking[]> {
    const { vectors } = await this.providers.of(space).embed(queries, { signal });
    const rankings: Ranking[] = [];
    for (const [index, text] of queries.entries()) {
      signal.throwIfAborted();
      const embedding = { vector: vectors[index]!, space };
      const scope = { knowledgeBaseIds: [knowledgeBaseId], embedding };
      const hits = await this.knowledge.search(tenant, { ...scope, text, limit: CHUNKS_FOR_FILES });
      const byVector = await this.knowledge.search(tenant, { ...scope, text: '', limit: DEPTH });
      rankings.push({
        chunkIds: hits.map(({ chunkId }) => chunkId),
        vectorChunkIds: byVector.map(({ chunkId }) => chunkId),
        fileIds: documentsInOrder(hits.map(({ fileId }) => fileId)),
      });
    }
    return rankings;
  }
}

function qualityOf(rankings: Ranking[], { questions = [] }: CompareEmbeddingSpacesRequest): SpaceQuality {
  const expected = questions.filter(({ query }) => query.trim() !== '');
  const qualities = rankings.map(({ fileIds }, index) =>
    qualityAt(DEPTH, fileIds, new Map(expected[index]!.fileIds.map((id) => [id, 1]))),
  );
  return {
    recallAt10: mean(qualities.map(({ recall }) => recall)),
    ndcgAt10: mean(qualities.map(({ ndcg }) => ndcg)),
  };
}

/** Nothing found is not nothing in common. */
function meanOf(overlaps: number[]): number | null {
  return overlaps.length === 0 ? null : mean(overlaps);
}

function firstSentence(text: string): string {
  const sentence = /^.+?[.!?。！？](?=\s|$)/su.exec(text.trim())?.[0] ?? text;
  return sentence.slice(0, MAX_SENTENCE_CHARACTERS);
}
