import { type ConversationView, type MessageView } from '@parley/contracts';
import { toolCallViews } from '../runs/run.view.js';
import { usageOf } from '../runs/usage.js';
import { type ConversationEntity } from './conversation.entity.js';
import { type WrittenMessage } from './messages.repository.js';

export function conversationView(conversation: ConversationEntity): ConversationView {
  const { id, title, assistantId, metadata, headId, createdAt, updatedAt } = conversation;
  return {
    ...{ id, title, assistantId, metadata, headId },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function messageView({ message, run, siblingIds, feedback }: WrittenMessage): MessageView {
  const { id, conversationId, role, content, annotations, toolCallId, parentId, runId } = message;
  return {
    ...{ id, conversationId, role, content, annotations, toolCallId, parentId, siblingIds, runId },
    toolCalls: toolCallViews(message.toolCalls),
    status: run?.status ?? 'completed',
    feedback: feedback && { rating: feedback.rating, comment: feedback.comment },
    model: run?.model ?? null,
    usage: run && usageOf(run),
    createdAt: message.createdAt.toISOString(),
  };
}
