import { Injectable } from '@nestjs/common';
import { DomainError, type EmbeddingSpaceView, type TenantContext } from '@parley/contracts';
import { type EmbeddingSpace } from '@parley/knowledge';
import { EmbeddingProviders } from '@parley/llm';
import { EmbeddingMigrationsRepository, type SearchedSpace } from './embedding-migrations.repository.js';

const PROBE_TIMEOUT_MS = 5_000;

/** Where a knowledge base is searched, and what its vectors are worth there. */
@Injectable()
export class VectorWeightService {
  constructor(
    private readonly repository: EmbeddingMigrationsRepository,
    private readonly providers: EmbeddingProviders,
  ) {}

  /** @throws DomainError `not_found`; also when the knowledge base has no documents and so no space yet */
  async get(tenant: TenantContext, knowledgeBaseId: string, signal: AbortSignal): Promise<EmbeddingSpaceView> {
    const { space, vectorWeight } = assigned(await this.repository.searchedSpace(tenant, knowledgeBaseId));
    return {
      model: space.model,
      dimensions: space.dimensions,
      vectorWeight: vectorWeight ?? space.vectorWeight,
      isWeightSet: vectorWeight !== null,
      isAvailable: await this.#answers(space, signal),
    };
  }

  /** Holds for this knowledge base in this space alone; null: the default again. */
  async set(
    tenant: TenantContext,
    knowledgeBaseId: string,
    weight: number | null,
    signal: AbortSignal,
  ): Promise<EmbeddingSpaceView> {
    assigned(await this.repository.searchedSpace(tenant, knowledgeBaseId));
    await this.repository.setVectorWeight(tenant, knowledgeBaseId, weight);
    return this.get(tenant, knowledgeBaseId, signal);
  }

  async #answers(space: EmbeddingSpace, signal: AbortSignal): Promise<boolean> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    try {
      await this.providers.of(space).embed(['dimensions'], { signal: patience });
      return true;
    } catch {
      return false;
    }
  }
}

function assigned({ space, vectorWeight }: SearchedSpace): { space: EmbeddingSpace; vectorWeight: number | null } {
  if (space !== null) return { space, vectorWeight };
  throw DomainError.notFound('embedding space: the vector store has no files yet');
}
