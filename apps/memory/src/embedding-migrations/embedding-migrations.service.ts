import { Injectable } from '@nestjs/common';
import {
  DomainError,
  type EmbeddingMigrationRequest,
  type EmbeddingMigrationView,
  type ListEmbeddingMigrationsRequest,
  type Page,
  type StartEmbeddingMigrationRequest,
  type TenantContext,
} from '@parley/contracts';
import { defaultVectorWeight, EmbeddingMigrations, type EmbeddingSpace, EmbeddingSpaces } from '@parley/knowledge';
import { type EmbeddingProvider, EmbeddingProviders } from '@parley/llm';
import { embeddingMigrationView } from './embedding-migration.view.js';
import { EmbeddingMigrationsRepository } from './embedding-migrations.repository.js';

@Injectable()
export class EmbeddingMigrationsService {
  constructor(
    private readonly repository: EmbeddingMigrationsRepository,
    private readonly migrations: EmbeddingMigrations,
    private readonly spaces: EmbeddingSpaces,
    private readonly providers: EmbeddingProviders,
  ) {}

  /**
   * @throws DomainError `model_not_found` for a model that may not be chosen, `invalid_request` for dimensions that it does
   * not have, those of the provider, and those of `EmbeddingMigrations.start`
   */
  async start(
    tenant: TenantContext,
    { id, knowledgeBaseId, model, dimensions }: StartEmbeddingMigrationRequest,
    signal: AbortSignal,
  ): Promise<EmbeddingMigrationView> {
    const { space } = await this.repository.searchedSpace(tenant, knowledgeBaseId);
    const offered = this.providers.models.find((each) => each.model === model);
    if (offered === undefined) {
      const names = this.providers.models.map((each) => each.model).join(', ');
      throw new DomainError('model_not_found', `${model} is not one of the embedding models: ${names}.`, {
        param: 'model',
      });
    }
    const target = await this.#space(model, dimensions ?? offered.dimensions, signal);
    if (space === null) await this.#assignDefault(tenant, knowledgeBaseId, signal);
    return embeddingMigrationView(await this.repository.start(tenant, { id, knowledgeBaseId, toSpaceId: target.id }));
  }

  async get(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return embeddingMigrationView(await this.migrations.get(tenant, request));
  }

  async list(
    tenant: TenantContext,
    { knowledgeBaseId, ...page }: ListEmbeddingMigrationsRequest,
  ): Promise<Page<EmbeddingMigrationView>> {
    const { data, hasMore } = await this.migrations.list(tenant, knowledgeBaseId, page);
    return { data: data.map(embeddingMigrationView), hasMore };
  }

  async switch(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return embeddingMigrationView(await this.migrations.switch(tenant, request));
  }

  async rollBack(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return embeddingMigrationView(await this.migrations.rollBack(tenant, request));
  }

  async finish(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return embeddingMigrationView(await this.migrations.finish(tenant, request));
  }

  async cancel(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return embeddingMigrationView(await this.migrations.cancel(tenant, request));
  }

  /** Without documents there is nothing to fill, but the rest is the same. */
  async #assignDefault(tenant: TenantContext, knowledgeBaseId: string, signal: AbortSignal): Promise<void> {
    const { id } = await this.#spaceOf(this.providers.default, signal);
    await this.spaces.assign(tenant, knowledgeBaseId, id);
  }

  #space(model: string, dimensions: number | undefined, signal: AbortSignal): Promise<EmbeddingSpace> {
    return this.#spaceOf(this.providers.of({ model, dimensions }), signal, dimensions);
  }

  /** Asks for a vector before anything is begun: a model that does not answer would only be found out in the background. */
  async #spaceOf(provider: EmbeddingProvider, signal: AbortSignal, dimensions?: number): Promise<EmbeddingSpace> {
    const { vectors } = await provider.embed(['dimensions'], { signal });
    const { length } = vectors[0]!;
    if (dimensions !== undefined && dimensions !== length) {
      throw new DomainError('invalid_request', `Vectors of ${provider.model} have ${length} dimensions.`, {
        param: 'dimensions',
      });
    }
    return this.spaces.ensure(provider.model, length, defaultVectorWeight(provider.name));
  }
}
