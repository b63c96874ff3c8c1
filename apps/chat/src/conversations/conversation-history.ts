import { Injectable } from '@nestjs/common';
import {
  type BranchPoint,
  DomainError,
  type FileCitation,
  type MessageRequest,
  type TenantContext,
} from '@parley/contracts';
import { type ChatMessage } from '@parley/llm';
import { ChatConfig } from '../chat.config.js';
import { ConversationsRepository } from './conversations.repository.js';
import { type HistoryHash } from './history-hash.js';
import { type MessageEntity } from './message.entity.js';
import { MessagesRepository } from './messages.repository.js';

/** A question, a call of a tool, its result, an answer. */
const MESSAGES_PER_TURN = 4;
/** How far back the end of a summary is looked for; it stands much nearer unless summing up has failed for long. */
const MAX_SUMMARY_DISTANCE = 400;
/** As many messages as a client may send itself. */
const MAX_WHOLE_HISTORY = 2_048;

/** An answer that broke off and is to be gone on with. */
export interface BrokenAnswer {
  text: string;
  annotations: FileCitation[];
}

export interface RememberedMessage extends ChatMessage {
  id: string;
}

export interface StoredHistory {
  id: string;
  assistantId: string | null;
  hasTitle: boolean;
  /** The message that what comes now follows; null at the beginning. */
  parentId: string | null;
  /** Of what was said up to there; null when nothing was, or it is not known. */
  historyHash: HistoryHash | null;
  /** The last turns up to there, oldest first, beginning with a message of the user. */
  messages: ChatMessage[];
  /** What was said before them, in short; null when there is no such summary. */
  summary: string | null;
  /** How many turns may be remembered literally: more than usual until they are summed up. */
  maxTurns: number;
  brokenAnswer: BrokenAnswer | null;
}

export interface HistoryOptions {
  /** Absent: behind the head. */
  branch?: BranchPoint | undefined;
  /** All that was said, instead of the last turns and a summary. */
  isWhole?: boolean;
}

/** What a new run has to know of the conversation it continues. */
@Injectable()
export class ConversationHistory {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly config: ChatConfig,
  ) {}

  /**
   * @throws DomainError `not_found`, `conflict` when the branch point is not such a message
   */
  async load(tenant: TenantContext, id: string, { branch, isWhole }: HistoryOptions = {}): Promise<StoredHistory> {
    const conversation = await this.conversations.find(tenant, id);
    if (!conversation) throw DomainError.notFound('conversation', 'conversation_id');
    const { parentId, brokenAnswer } = branch
      ? await this.#branchAt(tenant, id, branch)
      : { parentId: conversation.headId, brokenAnswer: null };
    const { assistantId, title } = conversation;
    const summaryMessageId = isWhole ? null : conversation.summaryMessageId;
    const maxTurns = isWhole ? Infinity : this.#maxTurns;
    const parent = parentId === null ? null : { conversationId: id, messageId: parentId };
    const depth = isWhole ? MAX_WHOLE_HISTORY : MAX_SUMMARY_DISTANCE;
    const stored = parent ? await this.messages.branch(tenant, parent, { depth, until: summaryMessageId }) : [];
    const isSummedUp = summaryMessageId !== null && stored[0]?.id === summaryMessageId;
    const remembered = isSummedUp ? stored.slice(1) : lastOf(stored, maxTurns * MESSAGES_PER_TURN);
    const firstOfUser = remembered.findIndex(({ role }) => role === 'user');
    return {
      ...{ id, assistantId, brokenAnswer },
      hasTitle: title !== null,
      parentId: stored.at(-1)?.id ?? null,
      historyHash: stored.at(-1)?.historyHash ?? null,
      messages: remembered.slice(Math.max(0, firstOfUser)).map(toChatMessage),
      summary: isSummedUp ? conversation.summary : null,
      maxTurns,
    };
  }

  /** The answer up to which a history has this hash, or null. */
  findByHash(
    tenant: TenantContext,
    assistantId: string | null,
    historyHash: HistoryHash,
  ): Promise<MessageRequest | null> {
    return this.messages.findByHistory(tenant, assistantId, historyHash);
  }

  /** A message and those before it, oldest first: from the end of a summary on, where that is among them. */
  async upTo(tenant: TenantContext, message: MessageRequest, summaryEnd: string | null): Promise<RememberedMessage[]> {
    const limits = { depth: MAX_SUMMARY_DISTANCE, until: summaryEnd };
    const stored = await this.messages.branch(tenant, message, limits);
    return stored.map((entity) => ({ ...toChatMessage(entity), id: entity.id }));
  }

  /** With a summary to come, turns that it does not hold yet are kept a while. */
  get #maxTurns(): number {
    const { shortTermMemoryTurns, summaryTokens } = this.config;
    return summaryTokens > 0 ? 2 * shortTermMemoryTurns : shortTermMemoryTurns;
  }

  async #branchAt(
    tenant: TenantContext,
    conversationId: string,
    { kind, messageId }: BranchPoint,
  ): Promise<Pick<StoredHistory, 'parentId' | 'brokenAnswer'>> {
    const message = await this.messages.find(tenant, { conversationId, messageId });
    if (!message) throw DomainError.notFound('message', 'message_id');
    const { parentId, role } = message;
    if (kind === 'after') return { parentId: messageId, brokenAnswer: null };
    if (kind === 'edit') {
      if (role !== 'user') throw unfit('Only messages of the user can be edited.');
      return { parentId, brokenAnswer: null };
    }
    if (kind === 'regenerate' && role === 'user') return { parentId: messageId, brokenAnswer: null };
    if (role !== 'assistant') throw unfit('This message is no answer.');
    if (kind === 'regenerate') return { parentId, brokenAnswer: null };
    return { parentId, brokenAnswer: await this.#brokenAnswer(tenant, message) };
  }

  async #brokenAnswer(tenant: TenantContext, message: MessageEntity): Promise<BrokenAnswer> {
    const run = await this.messages.findRun(tenant, message);
    const isUnderWay = run?.status === 'in_progress' || run?.status === 'queued';
    if (isUnderWay) throw unfit('The answer is still being written.');
    if (!run || run.status === 'completed' || message.toolCalls) throw unfit('The answer is complete.');
    return { text: message.content, annotations: message.annotations };
  }
}

function unfit(message: string): DomainError {
  return new DomainError('conflict', message, { param: 'message_id' });
}

/** The last turn may be one that is to be answered anew, whatever is remembered. */
function lastOf<T>(items: T[], count: number): T[] {
  return items.slice(-Math.max(MESSAGES_PER_TURN, count));
}

function toChatMessage({ role, content, toolCalls, toolCallId }: MessageEntity): ChatMessage {
  return { role, content, ...(toolCalls && { toolCalls }), ...(toolCallId !== null && { toolCallId }) };
}
