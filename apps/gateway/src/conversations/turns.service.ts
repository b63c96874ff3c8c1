import { Injectable } from '@nestjs/common';
import { DomainError, type MessageView, type TenantContext } from '@parley/contracts';
import { modelChoice } from '../models/model-choice.js';
import { collectAnswer } from '../runs/answer.js';
import { type Run, RunClient } from '../runs/run.client.js';
import { type SendMessageBody } from './conversation.request.js';
import { MessageConfig } from './message.config.js';

/** A turn of a conversation: the user's message and the run that answers it. */
@Injectable()
export class TurnsService {
  constructor(
    private readonly runs: RunClient,
    private readonly config: MessageConfig,
  ) {}

  /** @throws DomainError `message_too_long`, `not_found`, `model_not_found` */
  async start(
    tenant: TenantContext,
    conversationId: string,
    { content, model }: SendMessageBody,
    signal: AbortSignal,
  ): Promise<Run> {
    const { maxCharacters } = this.config;
    if (content.length > maxCharacters) {
      const message = `content has ${content.length} characters; at most ${maxCharacters} are allowed.`;
      throw new DomainError('message_too_long', message, { param: 'content' });
    }
    const choice = typeof model === 'string' ? modelChoice(model) : {};
    const messages = [{ role: 'user' as const, content }];
    const request = { ...choice, conversationId, messages, generation: {}, store: true, metadata: {} };
    return this.runs.start(tenant, request, signal);
  }

  /** Waits for the answer. @throws DomainError with the run's failure */
  async answer(run: Run, conversationId: string): Promise<MessageView> {
    const { text, annotations, usage } = await collectAnswer(run.events);
    return {
      id: run.messageId!,
      conversationId,
      role: 'assistant',
      content: text,
      annotations,
      runId: run.runId,
      model: run.model,
      usage,
      createdAt: run.createdAt,
    };
  }
}
