import { Injectable } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { defaultVectorWeight, type EmbeddingSpace, EmbeddingSpaces, type Lease } from '@parley/knowledge';
import { type EmbeddingBatch, EmbeddingProviders } from '@parley/llm';
import { EmbeddingError } from './failure.js';

/** Embeds with the model of a knowledge base's own space, whichever is the default by now. */
@Injectable()
export class SpaceEmbedder {
  constructor(
    private readonly providers: EmbeddingProviders,
    private readonly spaces: EmbeddingSpaces,
  ) {}

  /**
   * A knowledge base gets the space of the default model with its first document and keeps it.
   * @throws EmbeddingError
   */
  async spaceOf({ tenant, knowledgeBaseId, embeddingSpace }: Lease): Promise<EmbeddingSpace> {
    if (embeddingSpace !== null) return embeddingSpace;
    const { model, name } = this.providers.default;
    const dimensions = await this.providers.default.dimensions().catch(rethrow);
    const space = await this.spaces.ensure(model, dimensions, defaultVectorWeight(name)).catch((error: unknown) => {
      throw error instanceof DomainError && error.code === 'invalid_request' ? new EmbeddingError(error) : error;
    });
    return this.spaces.assign(tenant, knowledgeBaseId, space.id);
  }

  /** Bulk work, batch after batch. @throws EmbeddingError, or the signal's reason on abort */
  async *embed(space: EmbeddingSpace, texts: string[], signal: AbortSignal): AsyncGenerator<EmbeddingBatch> {
    try {
      yield* this.providers.of(space).embedBatches(texts, { signal });
    } catch (error) {
      signal.throwIfAborted();
      rethrow(error);
    }
  }
}

function rethrow(error: unknown): never {
  throw error instanceof DomainError ? new EmbeddingError(error) : error;
}
