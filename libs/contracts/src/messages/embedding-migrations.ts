import { IsInt, IsNumber, IsOptional, IsString, IsUUID, Length, Max, Min } from 'class-validator';
import { defineCommand, defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest } from './by-id.js';

export const EMBEDDING_MIGRATION_STATUSES = [
  'filling',
  'ready',
  'switched',
  'finished',
  'rolled_back',
  'cancelled',
  'failed',
] as const;

export interface EmbeddingModelView {
  model: string;
  dimensions: number;
}

/** A knowledge base on its way to another embedding model. */
export interface EmbeddingMigrationView {
  id: string;
  knowledgeBaseId: string;
  status: (typeof EMBEDDING_MIGRATION_STATUSES)[number];
  from: EmbeddingModelView;
  to: EmbeddingModelView;
  /** Searchable chunks, and how many of them have been embedded in the space that is not searched. */
  chunks: { total: number; embedded: number };
  /** 0 to 100 */
  progressPercent: number;
  /** The search can be switched to the other space: it holds every searchable chunk. */
  canSwitch: boolean;
  /** Vectors that are not needed any more are still being removed. */
  isRemoving: boolean;
  error: { code: string; message: string } | null;
  /** When it is tried again after an error. */
  retryAt: string | null;
  createdAt: string;
  readyAt: string | null;
  switchedAt: string | null;
  finishedAt: string | null;
}

export class StartEmbeddingMigrationRequest {
  /** Chosen by the caller: starting the same one twice starts it once. */
  @IsUUID()
  id!: string;

  @IsUUID()
  knowledgeBaseId!: string;

  @IsString()
  @Length(1, 256)
  model!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(4000)
  dimensions?: number;
}

export class EmbeddingMigrationRequest {
  @IsUUID()
  knowledgeBaseId!: string;

  @IsUUID()
  id!: string;
}

export class ListEmbeddingMigrationsRequest extends PageRequest {
  @IsUUID()
  knowledgeBaseId!: string;
}

/** Where a knowledge base is searched. */
export interface EmbeddingSpaceView {
  model: string;
  dimensions: number;
  /** 0 to 1: what vectors are worth against words. */
  vectorWeight: number;
  /** Set for this knowledge base; else the default of the model. */
  isWeightSet: boolean;
  /** The model answers; while it does not, searches are by words alone. */
  isAvailable: boolean;
}

export class SetVectorWeightRequest {
  @IsUUID()
  knowledgeBaseId!: string;

  /** Absent: the default of the model again. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  vectorWeight?: number;
}

export class MoveEmbeddingsPayload {
  @IsUUID()
  migrationId!: string;
}

/** What it has to do is read from Postgres when it is claimed. */
export const MoveEmbeddings = defineCommand({
  name: 'ingestion-worker.move-embeddings.v1',
  payload: MoveEmbeddingsPayload,
});

/** Asks the model for a vector first, to know that it answers and how long they are. */
export const StartEmbeddingMigration = defineRpc<EmbeddingMigrationView>()({
  name: 'memory.start-embedding-migration.v1',
  request: StartEmbeddingMigrationRequest,
  timeoutMs: 60_000,
});
export const GetEmbeddingMigration = defineRpc<EmbeddingMigrationView>()({
  name: 'memory.get-embedding-migration.v1',
  request: EmbeddingMigrationRequest,
});
export const ListEmbeddingMigrations = defineRpc<Page<EmbeddingMigrationView>>()({
  name: 'memory.list-embedding-migrations.v1',
  request: ListEmbeddingMigrationsRequest,
});
export const SwitchEmbeddingMigration = defineRpc<EmbeddingMigrationView>()({
  name: 'memory.switch-embedding-migration.v1',
  request: EmbeddingMigrationRequest,
  timeoutMs: 30_000,
});
export const RollBackEmbeddingMigration = defineRpc<EmbeddingMigrationView>()({
  name: 'memory.roll-back-embedding-migration.v1',
  request: EmbeddingMigrationRequest,
  timeoutMs: 30_000,
});
export const FinishEmbeddingMigration = defineRpc<EmbeddingMigrationView>()({
  name: 'memory.finish-embedding-migration.v1',
  request: EmbeddingMigrationRequest,
});
export const CancelEmbeddingMigration = defineRpc<EmbeddingMigrationView>()({
  name: 'memory.cancel-embedding-migration.v1',
  request: EmbeddingMigrationRequest,
});
export const GetEmbeddingSpace = defineRpc<EmbeddingSpaceView>()({
  name: 'memory.get-embedding-space.v1',
  request: ByIdRequest,
});
export const SetVectorWeight = defineRpc<EmbeddingSpaceView>()({
  name: 'memory.set-vector-weight.v1',
  request: SetVectorWeightRequest,
});
