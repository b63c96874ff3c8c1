import { Controller } from '@nestjs/common';
import {
  type ByIdRequest,
  CancelEmbeddingMigration,
  CompareEmbeddingSpaces,
  type CompareEmbeddingSpacesRequest,
  type EmbeddingComparison,
  type EmbeddingMigrationRequest,
  type EmbeddingMigrationView,
  type EmbeddingSpaceView,
  FinishEmbeddingMigration,
  GetEmbeddingMigration,
  GetEmbeddingSpace,
  ListEmbeddingMigrations,
  type ListEmbeddingMigrationsRequest,
  type Page,
  RollBackEmbeddingMigration,
  SetVectorWeight,
  type SetVectorWeightRequest,
  StartEmbeddingMigration,
  type StartEmbeddingMigrationRequest,
  SwitchEmbeddingMigration,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { ComparisonService } from './comparison.service.js';
import { EmbeddingMigrationsService } from './embedding-migrations.service.js';
import { VectorWeightService } from './vector-weight.service.js';

@Controller()
export class EmbeddingMigrationsConsumer {
  constructor(
    private readonly migrations: EmbeddingMigrationsService,
    private readonly comparison: ComparisonService,
    private readonly weights: VectorWeightService,
  ) {}

  @HandleRpc(StartEmbeddingMigration)
  start(request: StartEmbeddingMigrationRequest, { tenant, signal }: MessageContext): Promise<EmbeddingMigrationView> {
    return this.migrations.start(tenant, request, signal);
  }

  @HandleRpc(GetEmbeddingMigration)
  get(request: EmbeddingMigrationRequest, { tenant }: MessageContext): Promise<EmbeddingMigrationView> {
    return this.migrations.get(tenant, request);
  }

  @HandleRpc(ListEmbeddingMigrations)
  list(request: ListEmbeddingMigrationsRequest, { tenant }: MessageContext): Promise<Page<EmbeddingMigrationView>> {
    return this.migrations.list(tenant, request);
  }

  @HandleRpc(SwitchEmbeddingMigration)
  switch(request: EmbeddingMigrationRequest, { tenant }: MessageContext): Promise<EmbeddingMigrationView> {
    return this.migrations.switch(tenant, request);
  }

  @HandleRpc(RollBackEmbeddingMigration)
  rollBack(request: EmbeddingMigrationRequest, { tenant }: MessageContext): Promise<EmbeddingMigrationView> {
    return this.migrations.rollBack(tenant, request);
  }

  @HandleRpc(FinishEmbeddingMigration)
  finish(request: EmbeddingMigrationRequest, { tenant }: MessageContext): Promise<EmbeddingMigrationView> {
    return this.migrations.finish(tenant, request);
  }

  @HandleRpc(CancelEmbeddingMigration)
  cancel(request: EmbeddingMigrationRequest, { tenant }: MessageContext): Promise<EmbeddingMigrationView> {
    return this.migrations.cancel(tenant, request);
  }

  @HandleRpc(CompareEmbeddingSpaces)
  compare(request: CompareEmbeddingSpacesRequest, { tenant, signal }: MessageContext): Promise<EmbeddingComparison> {
    return this.comparison.compare(tenant, request, signal);
  }

  @HandleRpc(GetEmbeddingSpace)
  space({ id }: ByIdRequest, { tenant, signal }: MessageContext): Promise<EmbeddingSpaceView> {
    return this.weights.get(tenant, id, signal);
  }

  @HandleRpc(SetVectorWeight)
  setWeight(request: SetVectorWeightRequest, { tenant, signal }: MessageContext): Promise<EmbeddingSpaceView> {
    return this.weights.set(tenant, request.knowledgeBaseId, request.vectorWeight ?? null, signal);
  }
}
