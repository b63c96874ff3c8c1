import { Injectable } from '@nestjs/common';
import {
  type DeletedReply,
  DomainError,
  type Feedback,
  type GiveFeedbackRequest,
  type MessageRequest,
  type TenantContext,
} from '@parley/contracts';
import { counter } from '@parley/observability';
import { FeedbackRepository } from './feedback.repository.js';
import { MessagesRepository } from './messages.repository.js';

const given = counter('parley_feedback_total', 'Judgements of users about answers', ['rating']);

@Injectable()
export class FeedbackService {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly feedback: FeedbackRepository,
  ) {}

  /** @throws DomainError `not_found`, `conflict` for what is no answer */
  async give(tenant: TenantContext, request: GiveFeedbackRequest): Promise<Feedback> {
    const message = await this.messages.find(tenant, request);
    if (!message) throw DomainError.notFound('message');
    if (message.role !== 'assistant') throw new DomainError('conflict', 'Only answers can be judged.');
    const feedback = { rating: request.rating, comment: request.comment ?? null };
    await this.feedback.save(tenant, message.id, feedback);
    given.inc({ rating: feedback.rating });
    return feedback;
  }

  /** @throws DomainError `not_found` for the message and for the feedback */
  async withdraw(tenant: TenantContext, request: MessageRequest): Promise<DeletedReply> {
    const { messageId } = request;
    const isThere = await this.messages.find(tenant, request);
    if (!isThere || !(await this.feedback.delete(tenant, messageId))) throw DomainError.notFound('feedback');
    return { id: messageId, deleted: true };
  }
}
