import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { type Page, PageRequest } from '../page.js';
import { ByIdRequest } from './by-id.js';
import {
  DOCUMENT_STATUSES,
  DocumentRequest,
  type DocumentStatus,
  INGESTION_ERROR_CODES,
  type IngestionErrorCode,
} from './knowledge-bases.js';

/**
 * What a status alone does not tell. Queued: `waiting` for its turn, or `paused` until the next attempt is due.
 * Running: `running`, or `stalled` when its worker has not been heard of for longer than its lease.
 */
export const JOB_CONDITIONS = ['waiting', 'paused', 'running', 'stalled', 'ended'] as const;
export type JobCondition = (typeof JOB_CONDITIONS)[number];

export const JOB_FILTERS = [...DOCUMENT_STATUSES, 'waiting', 'paused', 'running', 'stalled'] as const;
export type JobFilter = (typeof JOB_FILTERS)[number];

/** The work on one version of a document. */
export interface IngestionJobView {
  id: string;
  documentId: string;
  knowledgeBaseId: string;
  fileId: string;
  filename: string;
  /** From 1; 0 when the document was cancelled before it needed a job of its own. */
  version: number;
  status: DocumentStatus;
  condition: JobCondition;
  /** Of the same tenant, before this one in the queue; counted up to 1,000; null when it does not wait. */
  jobsAhead: number | null;
  /** When a queued job may be taken. */
  dueAt: string | null;
  /** 0 to 100 */
  progressPercent: number;
  chunksTotal: number | null;
  chunksWritten: number;
  attempt: number;
  failures: number;
  maxAttempts: number;
  heartbeatAt: string | null;
  leaseUntil: string | null;
  /** Of the last attempt, also while the next is waited for. */
  error: { code: IngestionErrorCode; message: string } | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  /** Grows with every change of the job. */
  revision: number;
}

export interface IngestionAttemptView {
  number: number;
  worker: string;
  startedAt: string;
  endedAt: string | null;
  stage: string | null;
  outcome: string | null;
  error: { code: IngestionErrorCode; message: string } | null;
}

/** A job that will not be tried again by itself. */
export interface DeadLetterView extends IngestionJobView {
  deadLetteredAt: string;
}

/** The last ones, oldest first. */
export interface DeadLetterDetails extends DeadLetterView {
  attempts: IngestionAttemptView[];
}

export interface IngestionProgressReply {
  counts: Record<DocumentStatus, number>;
  total: number;
  /** Of all documents, 0 to 100; those that have failed or were cancelled are done, too. */
  progressPercent: number;
  revision: number;
}

export class ListIngestionJobsRequest extends PageRequest {
  @IsOptional()
  @IsIn(JOB_FILTERS)
  status?: JobFilter;

  @IsOptional()
  @IsUUID()
  knowledgeBaseId?: string;
}

export class ListDeadLettersRequest extends PageRequest {
  @IsOptional()
  @IsIn(INGESTION_ERROR_CODES)
  code?: IngestionErrorCode;

  @IsOptional()
  @IsUUID()
  knowledgeBaseId?: string;
}

export const MAX_DEAD_LETTERS_AT_ONCE = 1_000;

/** Absent fields do not restrict; the oldest come first. */
export class SettleDeadLettersRequest {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_DEAD_LETTERS_AT_ONCE)
  @IsUUID(undefined, { each: true })
  ids?: string[];

  @IsOptional()
  @IsIn(INGESTION_ERROR_CODES)
  code?: IngestionErrorCode;

  @IsOptional()
  @IsUUID()
  knowledgeBaseId?: string;

  @IsInt()
  @Min(1)
  @Max(MAX_DEAD_LETTERS_AT_ONCE)
  limit!: number;
}

export interface SettleDeadLettersReply {
  ids: string[];
  /** Dead letters that the request is about and that are still there; counted up to 10,000. */
  remaining: number;
}

export const GetIngestionJob = defineRpc<IngestionJobView>()({
  name: 'memory.get-ingestion-job.v1',
  request: DocumentRequest,
});
/** Cancelling what has ended already changes nothing; the reply tells how it ended. */
export const CancelIngestion = defineRpc<IngestionJobView>()({
  name: 'memory.cancel-ingestion.v1',
  request: DocumentRequest,
});
export const ListIngestionJobs = defineRpc<Page<IngestionJobView>>()({
  name: 'memory.list-ingestion-jobs.v1',
  request: ListIngestionJobsRequest,
});
export const GetIngestionProgress = defineRpc<IngestionProgressReply>()({
  name: 'memory.get-ingestion-progress.v1',
  request: ByIdRequest,
});
export const ListDeadLetters = defineRpc<Page<DeadLetterView>>()({
  name: 'memory.list-dead-letters.v1',
  request: ListDeadLettersRequest,
});
export const GetDeadLetter = defineRpc<DeadLetterDetails>()({
  name: 'memory.get-dead-letter.v1',
  request: ByIdRequest,
});
/** Queues failed jobs again with all their attempts; one that was replayed already is left alone. */
export const ReplayDeadLetters = defineRpc<SettleDeadLettersReply>()({
  name: 'memory.replay-dead-letters.v1',
  request: SettleDeadLettersRequest,
});
/** Forgets failed jobs; their documents stay as they are. */
export const DiscardDeadLetters = defineRpc<SettleDeadLettersReply>()({
  name: 'memory.discard-dead-letters.v1',
  request: SettleDeadLettersRequest,
});
