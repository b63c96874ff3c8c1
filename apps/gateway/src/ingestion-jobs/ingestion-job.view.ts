import { ApiProperty } from '@nestjs/swagger';
import {
  DOCUMENT_STATUSES,
  type DocumentStatus,
  formatId,
  INGESTION_ERROR_CODES,
  type IngestionErrorCode,
  type IngestionJobView,
  type IngestionProgressReply,
  JOB_CONDITIONS,
  type JobCondition,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';

export class JobError {
  @ApiProperty({ enum: INGESTION_ERROR_CODES })
  code!: IngestionErrorCode;

  @ApiProperty()
  message!: string;
}

export class IngestionJobObject {
  @ApiProperty({ example: 'job_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['ingestion_job'] })
  object!: 'ingestion_job';

  @ApiProperty()
  vector_store_id!: string;

  @ApiProperty()
  file_id!: string;

  @ApiProperty()
  filename!: string;

  @ApiProperty({ description: 'Of the document, from 1; 0 when it was cancelled before it needed a job of its own' })
  version!: number;

  @ApiProperty({ enum: DOCUMENT_STATUSES })
  status!: DocumentStatus;

  @ApiProperty({
    enum: JOB_CONDITIONS,
    description:
      'Queued jobs are `waiting` for their turn or `paused` until the next attempt is due; running ones are `running`, or `stalled` when their worker has not been heard of for longer than its lease',
  })
  condition!: JobCondition;

  @ApiProperty({ type: Number, nullable: true, description: 'Your jobs that come before it, counted up to 1,000' })
  jobs_ahead!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix seconds; when a queued job may be taken' })
  due_at!: number | null;

  @ApiProperty({ minimum: 0, maximum: 100 })
  progress_percent!: number;

  @ApiProperty({ type: Number, nullable: true })
  chunks_total!: number | null;

  @ApiProperty()
  chunks_written!: number;

  @ApiProperty({ description: 'Number of the current or last attempt; 0 before the first' })
  attempt!: number;

  @ApiProperty({ description: 'Attempts that count: those that met an outage, or a worker that was stopped, do not' })
  failures!: number;

  @ApiProperty({ description: 'Failures after which the job has failed' })
  max_attempts!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix seconds' })
  heartbeat_at!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix seconds; null while no worker has it' })
  lease_until!: number | null;

  @ApiProperty({ type: JobError, nullable: true, description: 'Why the last attempt failed, also in a pause' })
  last_error!: JobError | null;

  @ApiProperty({ description: 'Unix seconds' })
  created_at!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix seconds' })
  started_at!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix seconds' })
  finished_at!: number | null;
}

export const secondsOrNull = (iso: string | null): number | null => (iso === null ? null : unixSeconds(iso));

export function ingestionJobObject(view: IngestionJobView): IngestionJobObject {
  return {
    id: formatId('ingestionJob', view.id),
    object: 'ingestion_job',
    vector_store_id: formatId('knowledgeBase', view.knowledgeBaseId),
    file_id: formatId('file', view.fileId),
    filename: view.filename,
    version: view.version,
    status: view.status,
    condition: view.condition,
    jobs_ahead: view.jobsAhead,
    due_at: secondsOrNull(view.dueAt),
    progress_percent: view.progressPercent,
    chunks_total: view.chunksTotal,
    chunks_written: view.chunksWritten,
    attempt: view.attempt,
    failures: view.failures,
    max_attempts: view.maxAttempts,
    heartbeat_at: secondsOrNull(view.heartbeatAt),
    lease_until: secondsOrNull(view.leaseUntil),
    last_error: view.error,
    created_at: unixSeconds(view.createdAt),
    started_at: secondsOrNull(view.startedAt),
    finished_at: secondsOrNull(view.finishedAt),
  };
}

export interface IngestionProgressObject {
  object: 'ingestion_progress';
  vector_store_id: string;
  counts: Record<DocumentStatus, number>;
  total: number;
  progress_percent: number;
}

export function ingestionProgressObject(id: string, reply: IngestionProgressReply): IngestionProgressObject {
  return {
    object: 'ingestion_progress',
    vector_store_id: formatId('knowledgeBase', id),
    counts: reply.counts,
    total: reply.total,
    progress_percent: reply.progressPercent,
  };
}
