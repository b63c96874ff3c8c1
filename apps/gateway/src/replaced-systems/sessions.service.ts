import { Injectable } from '@nestjs/common';
import { CreateConversation, DomainError, type TenantContext, type Variant } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { v5 as uuidv5 } from 'uuid';
import { TurnsService } from '../conversations/turns.service.js';
import { type Run } from '../runs/run.client.js';

/** Of the ids that are made here. */
const SESSIONS = '6f0c4c1e-5d0b-4b8e-9a3f-7f1f1c1d2b3a';

export interface SessionTurn {
  /** As the client names it. */
  sessionId: string;
  /** As the client names its user; null: it does not. */
  endUserId: string | null;
  content: string;
  /** The field that `content` came in. */
  param: string;
  model: string | null;
  /** Of feature flags that bear on it. */
  variants?: Variant[];
}

/**
 * Sessions of clients that choose their ids: each is a conversation of whoever is signed in, whose id follows from the
 * session's, so that any gateway finds it and nothing has to be kept. A user that the client names has sessions apart, and
 * is never more than that: who may see what is decided by credentials alone.
 */
@Injectable()
export class SessionsService {
  constructor(
    private readonly bus: MessageBus,
    private readonly turns: TurnsService,
  ) {}

  /** @throws DomainError `message_too_long`, `model_not_found` */
  async start(tenant: TenantContext, turn: SessionTurn, signal: AbortSignal): Promise<Run> {
    const { content, model, param, variants } = turn;
    const conversationId = await this.#conversation(tenant, turn);
    try {
      return await this.turns.start(
        tenant,
        { conversationId, content, model, ...(variants ? { variants } : {}) },
        signal,
      );
    } catch (error) {
      throw asSent(error, param);
    }
  }

  /** Made by its first message; making it again changes nothing. */
  async #conversation(tenant: TenantContext, { sessionId, endUserId }: SessionTurn): Promise<string> {
    const id = uuidv5(JSON.stringify([tenant.tenantId, tenant.userId, endUserId, sessionId]), SESSIONS);
    const metadata = { session_id: sessionId, ...(endUserId === null ? {} : { user_id: endUserId }) };
    await this.bus.request(CreateConversation, { id, metadata }, tenant);
    return id;
  }
}

/** A fault with its field as the client wrote it. */
function asSent(error: unknown, param: string): unknown {
  if (!(error instanceof DomainError) || error.param !== 'content') return error;
  const message = error.message.replace(/^content/, param);
  return new DomainError(error.code, message, { param, retryAfterMs: error.retryAfterMs });
}
