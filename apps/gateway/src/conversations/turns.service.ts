import { Injectable } from '@nestjs/common';
import { type BranchPoint, DomainError, type MessageView, type TenantContext, type Variant } from '@parley/contracts';
import { modelChoice } from '../models/model-choice.js';
import { collectAnswer } from '../runs/answer.js';
import { type Run, RunClient } from '../runs/run.client.js';
import { type AnswerBody } from './conversation.request.js';
import { ConversationsService, messageId } from './conversations.service.js';
import { MessageConfig } from './message.config.js';

export interface Turn extends AnswerBody {
  conversationId: string;
  /** Absent where nothing new is said. */
  content?: string;
  /** What `content` follows. */
  parent_id?: string | null;
  branch?: BranchPoint;
  /** Of feature flags that bear on it. */
  variants?: Variant[];
}

/** A turn of a conversation: the user's message and the run that answers it. */
@Injectable()
export class TurnsService {
  constructor(
    private readonly runs: RunClient,
    private readonly conversations: ConversationsService,
    private readonly config: MessageConfig,
  ) {}

  /** @throws DomainError `message_too_long`, `not_found`, `model_not_found`, `conflict` */
  async start(tenant: TenantContext, turn: Turn, signal: AbortSignal): Promise<Run> {
    const { conversationId, content, model, variants } = turn;
    const choice = typeof model === 'string' ? modelChoice(model) : {};
    const messages = content === undefined ? [] : [{ role: 'user' as const, content: this.#checked(content) }];
    const request = {
      ...choice,
      conversationId,
      ...branchOf(turn),
      messages,
      generation: {},
      store: true,
      metadata: {},
      ...(variants ? { variants } : {}),
    };
    return this.runs.start(tenant, request, signal);
  }

  /** Waits for the answer. @throws DomainError with the run's failure */
  async answer(tenant: TenantContext, run: Run, conversationId: string): Promise<MessageView> {
    await collectAnswer(run.events);
    return this.conversations.message(tenant, { conversationId, messageId: run.messageId! });
  }

  #checked(content: string): string {
    const { maxCharacters } = this.config;
    if (content.length <= maxCharacters) return content;
    const message = `content has ${content.length} characters; at most ${maxCharacters} are allowed.`;
    throw new DomainError('message_too_long', message, { param: 'content' });
  }
}

function branchOf({ branch, parent_id }: Turn): { branch?: BranchPoint } {
  if (branch) return { branch };
  return typeof parent_id === 'string'
    ? { branch: { kind: 'after', messageId: messageId(parent_id, 'parent_id') } }
    : {};
}
