import { ApiProperty } from '@nestjs/swagger';
import { type FileBatchView, formatId } from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';
import { FileCounts, fileCounts } from './vector-store.view.js';

const STATUSES = ['in_progress', 'completed', 'cancelled', 'failed'] as const;

/** OpenAI's file batch. */
export class FileBatchObject {
  @ApiProperty({ example: 'vsfb_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['vector_store.files_batch'] })
  object!: 'vector_store.files_batch';

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty()
  vector_store_id!: string;

  @ApiProperty({ enum: STATUSES, description: 'failed: all of its files' })
  status!: (typeof STATUSES)[number];

  @ApiProperty({ type: FileCounts })
  file_counts!: FileCounts;
}

export function fileBatchObject(view: FileBatchView): FileBatchObject {
  return {
    id: formatId('fileBatch', view.id),
    object: 'vector_store.files_batch',
    created_at: unixSeconds(view.createdAt),
    vector_store_id: formatId('knowledgeBase', view.knowledgeBaseId),
    status: view.status,
    file_counts: fileCounts(view.counts),
  };
}
