import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type DocumentCounts, formatId, type KnowledgeBaseView, type Metadata } from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';
import { ExpiresAfter } from './vector-store.request.js';

export class FileCounts {
  @ApiProperty()
  in_progress!: number;

  @ApiProperty()
  completed!: number;

  @ApiProperty()
  failed!: number;

  @ApiProperty()
  cancelled!: number;

  @ApiProperty()
  total!: number;
}

/** OpenAI's vector store object: a knowledge base. */
export class VectorStoreObject {
  @ApiProperty({ example: 'vs_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['vector_store'] })
  object!: 'vector_store';

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty()
  name!: string;

  @ApiProperty({ type: String, nullable: true })
  description!: string | null;

  @ApiProperty({ enum: ['in_progress', 'completed', 'expired'] })
  status!: 'in_progress' | 'completed' | 'expired';

  @ApiProperty({ type: FileCounts })
  file_counts!: FileCounts;

  @ApiProperty()
  usage_bytes!: number;

  @ApiProperty({ description: 'Unix time in seconds' })
  last_active_at!: number;

  @ApiPropertyOptional({ type: ExpiresAfter })
  expires_after?: ExpiresAfter;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix time in seconds' })
  expires_at!: number | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Metadata;
}

export function fileCounts({ inProgress, completed, failed, cancelled, total }: DocumentCounts): FileCounts {
  return { in_progress: inProgress, completed, failed, cancelled, total };
}

export function vectorStoreObject(view: KnowledgeBaseView): VectorStoreObject {
  const { expiry } = view;
  return {
    id: formatId('knowledgeBase', view.id),
    object: 'vector_store',
    created_at: unixSeconds(view.createdAt),
    name: view.name,
    description: view.description,
    status: statusOf(view),
    file_counts: fileCounts(view.counts),
    usage_bytes: view.usageBytes,
    last_active_at: unixSeconds(view.lastActiveAt),
    ...(expiry ? { expires_after: { anchor: 'last_active_at', days: expiry.days } } : {}),
    expires_at: expiry ? unixSeconds(expiry.expiresAt) : null,
    metadata: view.metadata,
  };
}

function statusOf({ expiry, counts }: KnowledgeBaseView): VectorStoreObject['status'] {
  if (expiry?.isExpired) return 'expired';
  return counts.inProgress > 0 ? 'in_progress' : 'completed';
}
