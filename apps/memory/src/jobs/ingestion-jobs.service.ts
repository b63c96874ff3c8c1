import { Injectable } from '@nestjs/common';
import {
  type DeadLetterDetails,
  type DeadLetterView,
  type DocumentRequest,
  DomainError,
  type IngestionJobView,
  type IngestionProgressReply,
  type ListDeadLettersRequest,
  type ListIngestionJobsRequest,
  type Page,
  type SettleDeadLettersReply,
  type SettleDeadLettersRequest,
  type TenantContext,
} from '@parley/contracts';
import { DeadLettersRepository } from './dead-letters.repository.js';
import { IngestionJobsRepository } from './ingestion-jobs.repository.js';

/** How far documents are, and what becomes of those that failed. */
@Injectable()
export class IngestionJobsService {
  constructor(
    private readonly jobs: IngestionJobsRepository,
    private readonly dead: DeadLettersRepository,
  ) {}

  async get(tenant: TenantContext, request: DocumentRequest): Promise<IngestionJobView> {
    return found(await this.jobs.find(tenant, request), 'file in this vector store');
  }

  async cancel(tenant: TenantContext, request: DocumentRequest): Promise<IngestionJobView> {
    return found(await this.jobs.cancel(tenant, request), 'file in this vector store');
  }

  list(tenant: TenantContext, request: ListIngestionJobsRequest): Promise<Page<IngestionJobView>> {
    return this.jobs.list(tenant, request);
  }

  progress(tenant: TenantContext, knowledgeBaseId: string): Promise<IngestionProgressReply> {
    return this.jobs.progress(tenant, knowledgeBaseId);
  }

  listDeadLetters(tenant: TenantContext, request: ListDeadLettersRequest): Promise<Page<DeadLetterView>> {
    return this.dead.list(tenant, request);
  }

  async deadLetter(tenant: TenantContext, id: string): Promise<DeadLetterDetails> {
    return found(await this.dead.find(tenant, id), 'dead letter');
  }

  replay(tenant: TenantContext, request: SettleDeadLettersRequest): Promise<SettleDeadLettersReply> {
    return this.dead.replay(tenant, request);
  }

  discard(tenant: TenantContext, request: SettleDeadLettersRequest): Promise<SettleDeadLettersReply> {
    return this.dead.discard(tenant, request);
  }
}

function found<T>(row: T | null, what: string): T {
  if (row === null) throw DomainError.notFound(what);
  return row;
}
