import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import {
  type DocumentRequest,
  DomainError,
  GetIngestionJob,
  GetIngestionProgress,
  type IngestionJobView,
  type IngestionProgressReply,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { type FastifyReply } from 'fastify';
import { clientGone } from '../runs/client-gone.js';
import { ingestionJobObject, ingestionProgressObject } from './ingestion-job.view.js';
import { type Snapshot, streamProgress } from './progress-stream.js';

const MAX_STREAMS = 1_000;
const RETRY_AFTER_MS = 5_000;

/** Follows the progress of ingestion for clients that listen; each costs one request to memory now and then. */
@Injectable()
export class ProgressService implements BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  #streams = 0;

  constructor(private readonly bus: MessageBus) {}

  beforeApplicationShutdown(): void {
    this.#stopping.abort();
  }

  followJob(tenant: TenantContext, request: DocumentRequest, reply: FastifyReply): Promise<void> {
    return this.#follow(reply, async (signal) =>
      jobSnapshot(await this.bus.request(GetIngestionJob, request, tenant, { signal })),
    );
  }

  followKnowledgeBase(tenant: TenantContext, id: string, reply: FastifyReply): Promise<void> {
    return this.#follow(reply, async (signal) =>
      baseSnapshot(id, await this.bus.request(GetIngestionProgress, { id }, tenant, { signal })),
    );
  }

  async #follow(reply: FastifyReply, look: (signal: AbortSignal) => Promise<Snapshot>): Promise<void> {
    if (this.#streams >= MAX_STREAMS) {
      const message = 'Too many event streams are open.';
      throw new DomainError('service_unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#streams += 1;
    try {
      const signal = AbortSignal.any([clientGone(reply.raw), this.#stopping.signal]);
      await streamProgress(reply, { look, signal, lastEventId: lastEventIdOf(reply) });
    } finally {
      this.#streams -= 1;
    }
  }
}

function lastEventIdOf({ request }: FastifyReply): number | undefined {
  const id = Number(request.headers['last-event-id'] ?? Number.NaN);
  return Number.isSafeInteger(id) ? id : undefined;
}

function jobSnapshot(job: IngestionJobView): Snapshot {
  const end = job.condition === 'ended' ? job.status : null;
  return { revision: job.revision, body: withoutHeartbeats(job), end };
}

/** A heartbeat alone is no news. */
function withoutHeartbeats(job: IngestionJobView): object {
  const { heartbeat_at: _heartbeat, lease_until: _lease, ...shown } = ingestionJobObject(job);
  return shown;
}

function baseSnapshot(id: string, reply: IngestionProgressReply): Snapshot {
  const { completed, failed, cancelled } = reply.counts;
  const isDone = completed + failed + cancelled === reply.total;
  return { revision: reply.revision, body: ingestionProgressObject(id, reply), end: isDone ? 'completed' : null };
}
