import { Injectable } from '@nestjs/common';
import {
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
  type Page,
  RollBackEmbeddingMigration,
  SetVectorWeight,
  StartEmbeddingMigration,
  SwitchEmbeddingMigration,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { newId } from '../idempotency/idempotency-scope.js';
import { type PageFields } from '../wire/page.query.js';
import { type StartEmbeddingMigrationBody } from './embedding-migration.request.js';

@Injectable()
export class EmbeddingMigrationsService {
  constructor(private readonly bus: MessageBus) {}

  start(
    tenant: TenantContext,
    knowledgeBaseId: string,
    { model, dimensions }: StartEmbeddingMigrationBody,
  ): Promise<EmbeddingMigrationView> {
    const request = { id: newId(), knowledgeBaseId, model, ...(dimensions ? { dimensions } : {}) };
    return this.bus.request(StartEmbeddingMigration, request, tenant);
  }

  list(tenant: TenantContext, knowledgeBaseId: string, page: PageFields): Promise<Page<EmbeddingMigrationView>> {
    return this.bus.request(ListEmbeddingMigrations, { ...page, knowledgeBaseId }, tenant);
  }

  get(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return this.bus.request(GetEmbeddingMigration, request, tenant);
  }

  switch(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return this.bus.request(SwitchEmbeddingMigration, request, tenant);
  }

  rollBack(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return this.bus.request(RollBackEmbeddingMigration, request, tenant);
  }

  finish(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return this.bus.request(FinishEmbeddingMigration, request, tenant);
  }

  cancel(tenant: TenantContext, request: EmbeddingMigrationRequest): Promise<EmbeddingMigrationView> {
    return this.bus.request(CancelEmbeddingMigration, request, tenant);
  }

  compare(
    tenant: TenantContext,
    request: Partial<CompareEmbeddingSpacesRequest> & EmbeddingMigrationRequest,
  ): Promise<EmbeddingComparison> {
    return this.bus.request(CompareEmbeddingSpaces, { sample: 20, ...request }, tenant);
  }

  space(tenant: TenantContext, id: string): Promise<EmbeddingSpaceView> {
    return this.bus.request(GetEmbeddingSpace, { id }, tenant);
  }

  setVectorWeight(tenant: TenantContext, knowledgeBaseId: string, weight: number | null): Promise<EmbeddingSpaceView> {
    const request = { knowledgeBaseId, ...(weight === null ? {} : { vectorWeight: weight }) };
    return this.bus.request(SetVectorWeight, request, tenant);
  }
}
