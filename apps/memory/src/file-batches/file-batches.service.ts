import { Injectable } from '@nestjs/common';
import {
  type CreateFileBatchRequest,
  DomainError,
  type FileBatchRequest,
  type FileBatchView,
  type TenantContext,
} from '@parley/contracts';
import { type FileBatchRow, FileBatchesRepository } from './file-batches.repository.js';

@Injectable()
export class FileBatchesService {
  constructor(private readonly batches: FileBatchesRepository) {}

  async create(tenant: TenantContext, request: CreateFileBatchRequest): Promise<FileBatchView> {
    const batch = await this.batches.create(tenant, request);
    if (!batch) throw new DomainError('conflict', 'A file batch with this id exists already.');
    return viewOf(batch);
  }

  async get(tenant: TenantContext, request: FileBatchRequest): Promise<FileBatchView> {
    return viewOf(found(await this.batches.find(tenant, request)));
  }

  /** Cancelling what is cancelled or completed changes nothing more. */
  async cancel(tenant: TenantContext, request: FileBatchRequest): Promise<FileBatchView> {
    return viewOf(found(await this.batches.cancel(tenant, request)));
  }
}

function found(batch: FileBatchRow | null): FileBatchRow {
  if (!batch) throw DomainError.notFound('file batch');
  return batch;
}

function viewOf(batch: FileBatchRow): FileBatchView {
  const { id, knowledgeBaseId, inProgress, completed, failed, cancelled, total, createdAt } = batch;
  const counts = { inProgress, completed, failed, cancelled, total };
  return { id, knowledgeBaseId, status: statusOf(batch), counts, createdAt: createdAt.toISOString() };
}

function statusOf({ inProgress, failed, total, cancelledAt }: FileBatchRow): FileBatchView['status'] {
  if (inProgress > 0) return 'in_progress';
  if (cancelledAt !== null) return 'cancelled';
  return failed > 0 && failed === total ? 'failed' : 'completed';
}
