import { ApiProperty } from '@nestjs/swagger';
import {
  EMBEDDING_MIGRATION_STATUSES,
  type EmbeddingMigrationView,
  type EmbeddingSpaceView,
  formatId,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';

export class EmbeddingModelObject {
  @ApiProperty()
  model!: string;

  @ApiProperty()
  dimensions!: number;
}

export class MigrationChunks {
  @ApiProperty({ description: 'Searchable chunks' })
  total!: number;

  @ApiProperty({ description: 'Of them, in the space that is not searched' })
  embedded!: number;
}

export class MigrationError {
  @ApiProperty()
  code!: string;

  @ApiProperty()
  message!: string;
}

/** A vector store on its way to another embedding model. */
export class EmbeddingMigrationObject {
  @ApiProperty({ example: 'emig_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['embedding_migration'] })
  object!: 'embedding_migration';

  @ApiProperty()
  vector_store_id!: string;

  @ApiProperty({ enum: EMBEDDING_MIGRATION_STATUSES, description: 'Open while filling, ready or switched' })
  status!: EmbeddingMigrationView['status'];

  @ApiProperty({ type: EmbeddingModelObject })
  from!: EmbeddingModelObject;

  @ApiProperty({ type: EmbeddingModelObject })
  to!: EmbeddingModelObject;

  @ApiProperty({ type: MigrationChunks })
  chunks!: MigrationChunks;

  @ApiProperty({ minimum: 0, maximum: 100 })
  progress_percent!: number;

  @ApiProperty({ description: 'Both spaces hold every searchable chunk' })
  can_switch!: boolean;

  @ApiProperty({ description: 'Vectors that are not needed any more are still being removed' })
  is_removing!: boolean;

  @ApiProperty({ type: MigrationError, nullable: true })
  error!: MigrationError | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix time in seconds' })
  retry_at!: number | null;

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty({ type: Number, nullable: true })
  ready_at!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  switched_at!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  finished_at!: number | null;
}

export function embeddingMigrationObject(view: EmbeddingMigrationView): EmbeddingMigrationObject {
  return {
    id: formatId('embeddingMigration', view.id),
    object: 'embedding_migration',
    vector_store_id: formatId('knowledgeBase', view.knowledgeBaseId),
    status: view.status,
    from: view.from,
    to: view.to,
    chunks: view.chunks,
    progress_percent: view.progressPercent,
    can_switch: view.canSwitch,
    is_removing: view.isRemoving,
    error: view.error,
    retry_at: seconds(view.retryAt),
    created_at: unixSeconds(view.createdAt),
    ready_at: seconds(view.readyAt),
    switched_at: seconds(view.switchedAt),
    finished_at: seconds(view.finishedAt),
  };
}

/** Where a vector store is searched. */
export class EmbeddingSpaceObject extends EmbeddingModelObject {
  @ApiProperty({ enum: ['embedding_space'] })
  object!: 'embedding_space';

  @ApiProperty({ minimum: 0, maximum: 1, description: 'What vectors are worth against words' })
  vector_weight!: number;

  @ApiProperty({ description: 'Whether the weight was set for this vector store' })
  is_weight_set!: boolean;

  @ApiProperty({ description: 'The model answers; while it does not, searches are by words alone' })
  is_available!: boolean;
}

export function embeddingSpaceObject(view: EmbeddingSpaceView): EmbeddingSpaceObject {
  return {
    object: 'embedding_space',
    model: view.model,
    dimensions: view.dimensions,
    vector_weight: view.vectorWeight,
    is_weight_set: view.isWeightSet,
    is_available: view.isAvailable,
  };
}

function seconds(iso: string | null): number | null {
  return iso === null ? null : unixSeconds(iso);
}
