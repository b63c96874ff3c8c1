import { ApiProperty } from '@nestjs/swagger';
import {
  type DeadLetterDetails,
  type DeadLetterView,
  formatId,
  type IngestionAttemptView,
  type SettleDeadLettersReply,
} from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';
import { IngestionJobObject, ingestionJobObject, JobError, secondsOrNull } from './ingestion-job.view.js';

export class AttemptObject {
  @ApiProperty({ description: 'From 1' })
  number!: number;

  @ApiProperty({ description: 'Host and process that worked on it' })
  worker!: string;

  @ApiProperty({ description: 'Unix seconds' })
  started_at!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Unix seconds' })
  ended_at!: number | null;

  @ApiProperty({ type: String, nullable: true, description: 'How far it came', example: 'embedding' })
  stage!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    enum: ['completed', 'failed', 'retried', 'postponed', 'handed_back', 'lost', 'cancelled', 'superseded'],
  })
  outcome!: string | null;

  @ApiProperty({ type: JobError, nullable: true })
  error!: JobError | null;
}

export class DeadLetterObject extends IngestionJobObject {
  @ApiProperty({ description: 'Unix seconds' })
  dead_lettered_at!: number;
}

export class DeadLetterDetailsObject extends DeadLetterObject {
  @ApiProperty({ type: [AttemptObject], description: 'The last 20, oldest first' })
  attempts!: AttemptObject[];
}

export class SettledDeadLetters {
  @ApiProperty({ enum: ['dead_letters.settled'] })
  object!: 'dead_letters.settled';

  @ApiProperty({ type: [String], description: 'What was replayed or discarded by this request' })
  ids!: string[];

  @ApiProperty({ description: 'Dead letters of the same selection that are left, counted up to 10,000' })
  remaining!: number;
}

export function deadLetterObject(view: DeadLetterView): DeadLetterObject {
  return { ...ingestionJobObject(view), dead_lettered_at: unixSeconds(view.deadLetteredAt) };
}

export function deadLetterDetailsObject(view: DeadLetterDetails): DeadLetterDetailsObject {
  return { ...deadLetterObject(view), attempts: view.attempts.map(attemptObject) };
}

export function settledDeadLetters({ ids, remaining }: SettleDeadLettersReply): SettledDeadLetters {
  return { object: 'dead_letters.settled', ids: ids.map((id) => formatId('ingestionJob', id)), remaining };
}

function attemptObject(view: IngestionAttemptView): AttemptObject {
  const { number, worker, stage, outcome, error } = view;
  return {
    number,
    worker,
    started_at: unixSeconds(view.startedAt),
    ended_at: secondsOrNull(view.endedAt),
    stage,
    outcome,
    error,
  };
}
