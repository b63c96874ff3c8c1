import { IsIn, IsInt, IsString, IsUUID, MaxLength, Min, ValidateIf } from 'class-validator';
import { type SerializedError } from '../errors.js';
import { defineRpc, defineSignal } from '../message-definition.js';
import { ByIdRequest } from './by-id.js';
import { type Metadata } from './knowledge-bases.js';
import {
  type FileCitation,
  type FinishReason,
  type RunEvent,
  type ServerToolEvent,
  type ToolCall,
  type Usage,
} from './runs.js';

export const RUN_STATUSES = [
  'queued',
  'in_progress',
  'completed',
  'incomplete',
  'failed',
  'cancelled',
  'interrupted',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Milliseconds; the others but `queue` count from the request's arrival. Null: not known, or not come to. */
export interface RunTimings {
  queueMs: number | null;
  retrievalMs: number | null;
  firstTokenMs: number | null;
  totalMs: number | null;
}

/** A step of a server tool within an answer. */
export interface AnswerStep {
  event: ServerToolEvent;
  /** Characters of the text that stand before it. */
  textBefore: number;
}

export interface RunOutput {
  text: string;
  toolCalls: ToolCall[];
  annotations: FileCitation[];
  /** In their order; absent when there are none. */
  steps?: AnswerStep[];
}

export interface RunView {
  id: string;
  status: RunStatus;
  conversationId: string | null;
  messageId: string | null;
  parentId: string | null;
  assistantId: string | null;
  /** Who answered, or is asked first while nobody has. */
  provider: string;
  model: string;
  /** As the client named the model. */
  requestedModel: string;
  finishReason: FinishReason | null;
  error: SerializedError | null;
  usage: Usage | null;
  timings: RunTimings;
  metadata: Metadata;
  /** What was saved of the answer so far; null when nothing is stored, or not any more. */
  output: RunOutput | null;
  createdAt: string;
  finishedAt: string | null;
}

export class RunEventsRequest extends ByIdRequest {
  /** The place in the answer from which on it is to be told: see `extentOf`. */
  @IsInt()
  @Min(0)
  after!: number;
}

/**
 * `live`: the run is under way, attach to it. `ended`: what is left to tell, its end last. `expired`: it has ended, and
 * from this place on it cannot be told any more. `from` is there when less is stored than the listener has heard, because a
 * process died before it stored the rest: the place that the events begin at.
 */
export type RunEventsReply =
  { run: RunView; state: 'live' | 'expired' } | { run: RunView; state: 'ended'; events: RunEvent[]; from?: number };

export class ControlRunPayload {
  @IsUUID()
  runId!: string;

  @IsIn(['attach', 'leave', 'cancel'])
  action!: 'attach' | 'leave' | 'cancel';

  /** The stream that a listener opened for it. */
  @ValidateIf(({ action }: ControlRunPayload) => action !== 'cancel')
  @IsUUID()
  streamId?: string;

  /** Queue of the pod that listens. */
  @ValidateIf(({ action }: ControlRunPayload) => action === 'attach')
  @IsString()
  @MaxLength(255)
  streamAddress?: string;

  @ValidateIf(({ action }: ControlRunPayload) => action === 'attach')
  @IsInt()
  @Min(0)
  after?: number;
}

export const GetRun = defineRpc<RunView>()({ name: 'chat.get-run.v1', request: ByIdRequest });
export const GetRunEvents = defineRpc<RunEventsReply>()({ name: 'chat.get-run-events.v1', request: RunEventsRequest });
/** Stops a run and keeps what it has written; one that has ended stays as it is. */
export const CancelRun = defineRpc<RunView>()({ name: 'chat.cancel-run.v1', request: ByIdRequest });
/** To whichever process generates the run: the others ignore it. */
export const ControlRun = defineSignal({ name: 'chat.control-run.v1', payload: ControlRunPayload });
