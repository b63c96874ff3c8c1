import { type TenantContext } from '@parley/contracts';
import { type EmbeddingSpace } from './embedding-space.js';

/** `filling`, `ready` and `switched` are open: vectors are kept in both spaces. */
export type EmbeddingMigrationStatus =
  'filling' | 'ready' | 'switched' | 'finished' | 'rolled_back' | 'cancelled' | 'failed';

/** A knowledge base on its way to another embedding space. */
export interface EmbeddingMigration {
  id: string;
  knowledgeBaseId: string;
  from: EmbeddingSpace;
  to: EmbeddingSpace;
  status: EmbeddingMigrationStatus;
  /** The space that is not searched holds every searchable chunk, so that the search can move there. */
  isFilled: boolean;
  /** Vectors in the space that was left are still being removed. */
  isRemoving: boolean;
  /** Searchable chunks, and how many of them are in the space that is being filled. */
  chunksTotal: number;
  chunksFilled: number;
  /** Why it failed, or what it waits for. */
  error: { code: string; message: string } | null;
  /** When it goes on, if it waits. */
  dueAt: Date;
  createdAt: Date;
  readyAt: Date | null;
  switchedAt: Date | null;
  finishedAt: Date | null;
}

/** A worker's right to a migration; void once another worker has one. */
export interface MigrationLease {
  migrationId: string;
  token: string;
  tenant: TenantContext;
  leaseMs: number;
  knowledgeBaseId: string;
  /** Attempts in a row without progress. */
  failures: number;
  task: 'fill' | 'remove';
  /** That is to be filled or left. */
  space: EmbeddingSpace;
  status: EmbeddingMigrationStatus;
}

export type MigrationClaim =
  { outcome: 'claimed'; lease: MigrationLease } | { outcome: 'busy' } | { outcome: 'nothing to do' };

/** A searchable chunk without a vector in the space that is being filled. */
export interface MissingVector {
  documentId: string;
  version: number;
  ordinal: number;
  text: string;
}

/** The migration was changed, deleted or taken over: stop, and write nothing more. */
export class MigrationLostError extends Error {
  override readonly name = 'MigrationLostError';

  constructor({ migrationId }: Pick<MigrationLease, 'migrationId'>) {
    super(`The lease on embedding migration ${migrationId} is lost.`);
  }
}
