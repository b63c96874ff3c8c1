import { DomainError } from '@parley/contracts';
import { plainToInstance, Type } from 'class-transformer';
import {
  Allow,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  validateSync,
  ValidateNested,
} from 'class-validator';
import { CompletionBody } from '../completions/completion.request.js';
import { type Fault } from '../http/fault.js';
import { openAiError } from '../http/error-response.js';
import { invalidRequest } from '../http/validation.pipe.js';
import { type CompletionChunk } from '../runs/completion-chunks.js';
import { type RunObject } from '../runs/run.view.js';

const MAX_ID_LENGTH = 64;
const MAX_POSITION = 999_999_999;

const IsSocketId = () => Length(1, MAX_ID_LENGTH, { message: `$property must have 1 to ${MAX_ID_LENGTH} characters` });

/** Whatever a client says: `id` is its own name for a run on this socket, which every event about the run bears. */
class Named {
  @IsString()
  @IsSocketId()
  id!: string;
}

export class StartMessage extends Named {
  @Allow()
  readonly type = 'start';

  /** As in `POST /v1/chat/completions`. */
  @IsObject()
  @ValidateNested()
  @Type(() => CompletionBody)
  request!: CompletionBody;

  @IsOptional()
  @IsString()
  @MaxLength(257)
  idempotency_key?: string;
}

export class SubscribeMessage extends Named {
  @Allow()
  readonly type = 'subscribe';

  /** Id of a run, chat completion or response. */
  @IsString()
  @MaxLength(64)
  run!: string;

  /** `event_id` of the last chunk that was received. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_POSITION)
  starting_after?: number;
}

export class UnsubscribeMessage extends Named {
  @Allow()
  readonly type = 'unsubscribe';
}

export class CancelMessage extends Named {
  @Allow()
  readonly type = 'cancel';

  /** Absent: the run that is heard under `id`. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  run?: string;
}

export class PingMessage {
  @Allow()
  readonly type = 'ping';

  @IsOptional()
  @IsString()
  @IsSocketId()
  id?: string;
}

const MESSAGES = {
  start: StartMessage,
  subscribe: SubscribeMessage,
  unsubscribe: UnsubscribeMessage,
  cancel: CancelMessage,
  ping: PingMessage,
} as const;

export type MessageType = keyof typeof MESSAGES;
export type SocketMessage = InstanceType<(typeof MESSAGES)[MessageType]>;

export type SocketEvent =
  | { type: 'chunk'; id: string; event_id?: number; data: CompletionChunk }
  | { type: 'done' | 'unsubscribed'; id: string }
  | { type: 'run'; id: string; run: RunObject }
  | { type: 'pong'; id: string | null }
  | { type: 'error'; id: string | null; during: string | null; error: unknown; retry_after_ms?: number };

/** @throws DomainError `invalid_request` naming the field */
export function readMessage(fields: Record<string, unknown>): SocketMessage {
  const { type, ...said } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(MESSAGES, type)) {
    const message = `type must be one of ${Object.keys(MESSAGES).join(', ')}.`;
    throw new DomainError('invalid_request', message, { param: 'type' });
  }
  const message = plainToInstance<SocketMessage, object>(MESSAGES[type as MessageType], said);
  const errors = validateSync(message, { whitelist: true });
  if (errors.length > 0) throw invalidRequest(errors);
  return message;
}

/** @param during what the client asked for; `run`: the run that is heard under this id has ended with it */
export function errorEvent(id: string | null, during: string | null, fault: Fault): SocketEvent {
  const { retryAfterMs } = fault;
  const { error } = openAiError(fault);
  const retry = retryAfterMs === undefined ? {} : { retry_after_ms: Math.ceil(retryAfterMs) };
  return { type: 'error', id, during, error, ...retry };
}
