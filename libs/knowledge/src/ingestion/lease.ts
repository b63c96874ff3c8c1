import { type ChunkingOptions, type IngestionErrorCode, type TenantContext } from '@parley/contracts';
import { type Language } from '../analysis/languages.js';
import { type EmbeddingSpace } from '../spaces/embedding-space.js';

/** The stages that a worker goes through while it holds a job. */
export type RunningStatus = 'parsing' | 'embedding' | 'indexing';

/** A worker's right to a job, and all that it needs to do it. `token` fences: it is void once another worker has one. */
export interface Lease {
  jobId: string;
  token: string;
  tenant: TenantContext;
  /** Of all attempts at the job, from 1. */
  attempt: number;
  /** Attempts that failed and count; at `maxAttempts` the job has failed. */
  failures: number;
  maxAttempts: number;
  /** Attempts since the last one that counts which only met an outage. */
  postponements: number;
  /** How long that outage had lasted when the job was claimed; null without one. */
  outageMs: number | null;
  leaseMs: number;
  documentId: string;
  /** The version of the document that this job makes. */
  version: number;
  knowledgeBaseId: string;
  file: { id: string; filename: string; contentType: string; bytes: number; blobKey: string };
  /** Null means `auto`. */
  chunking: ChunkingOptions | null;
  /** Null when the knowledge base has none yet: see `EmbeddingSpaces.assign`. */
  embeddingSpace: EmbeddingSpace | null;
  /** Null until an earlier attempt has written chunks. */
  language: Language | null;
  /** W3C trace contexts: of what caused the job, and of the first attempt at it that was traced. */
  traceparent: string | null;
  firstAttemptTraceparent: string | null;
}

/** `finished`: completed, failed, cancelled or deleted, there is nothing to do; `busy`: a live worker has it. */
export type Claim =
  { outcome: 'claimed'; lease: Lease } | { outcome: 'busy'; retryAfterMs: number } | { outcome: 'finished' };

export interface ClaimOptions {
  leaseMs: number;
  /** Who asks: shown to administrators. */
  worker?: string;
}

/** Absent fields stay as they are. */
export interface Progress {
  /** 0 to 100 */
  percent?: number;
  chunksTotal?: number;
}

export interface Failure {
  code: IngestionErrorCode;
  message: string;
  /** How long until the job may be tried again, if it has attempts left; absent: it failed for good. */
  retryInMs?: number;
  /** Present when somebody else is out of service, not the document at fault: counts only once that has lasted so long. */
  outagePatienceMs?: number;
}

/** How an attempt that failed ends: `retried` and `postponed` are queued again, and only the former counts. */
export type FailureOutcome = 'retried' | 'postponed' | 'failed';

/** The job was cancelled, deleted or taken over: stop, and write nothing more. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';

  constructor(lease: Lease) {
    super(`The lease on ingestion job ${lease.jobId} is lost.`);
  }
}

/** Not all chunks of a version have a vector in the space that is searched: embed them and complete the job again. */
export class VectorsMissingError extends Error {
  override readonly name = 'VectorsMissingError';

  constructor(
    lease: Lease,
    readonly embeddingSpaceId: string,
  ) {
    super(`Chunks of ingestion job ${lease.jobId} have no vectors in embedding space ${embeddingSpaceId}.`);
  }
}
