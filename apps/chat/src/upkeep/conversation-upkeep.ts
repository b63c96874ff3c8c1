import { Injectable } from '@nestjs/common';
import { BUILTIN_PROVIDER } from '@parley/config';
import { type MessageRequest, type ModelOrigin, type TenantContext, type Usage } from '@parley/contracts';
import { ChatModels, type ChatRequest, countMessageTokens, countTokens, truncateToTokens } from '@parley/llm';
import { ChatConfig } from '../chat.config.js';
import { ConversationHistory } from '../conversations/conversation-history.js';
import { ConversationsRepository } from '../conversations/conversations.repository.js';
import { type RunPlan } from '../runs/run-plan.js';
import { splitTurns, textOf } from '../runs/turns.js';
import { type ReplyCharge, UsageLedger } from '../usage/usage-ledger.js';
import { BackgroundWork } from './background-work.js';
import { modelReply } from './model-reply.js';
import { titleFrom, titlePrompt } from './model-title.js';
import { extractiveSummary, summaryPrompt } from './summary.js';

const TITLE_TOKENS = 256;
/** A model that could not name a conversation at its beginning is not asked for ever. */
const TURNS_TO_NAME = 3;

/** After an answer, in the background: conversations get a title, and what falls out of the memory is summed up. */
@Injectable()
export class ConversationUpkeep {
  constructor(
    private readonly work: BackgroundWork,
    private readonly models: ChatModels,
    private readonly history: ConversationHistory,
    private readonly conversations: ConversationsRepository,
    private readonly ledger: UsageLedger,
    private readonly config: ChatConfig,
  ) {}

  /** Of runs in conversations that clients name; those who send their history with every request keep it themselves. */
  runEnded(tenant: TenantContext, { storage, model, origin, keepsConversation }: RunPlan): void {
    if (!storage || !keepsConversation) return;
    const { conversationId, messageId } = storage;
    const answer = { conversationId, messageId };
    // The built-in provider extracts sentences: it can neither name nor sum up.
    const isModel = origin.provider !== BUILTIN_PROVIDER;
    if (isModel && this.config.titles) {
      this.work.add(`Title of ${conversationId}`, (signal) => this.#name(tenant, answer, model, signal));
    }
    if (this.config.summaryTokens > 0 && this.config.shortTermMemoryTurns > 0) {
      const sumUp = (signal: AbortSignal) => this.#sumUp(tenant, answer, { model, isModel, signal });
      this.work.add(`Summary of ${conversationId}`, sumUp);
    }
  }

  async #name(tenant: TenantContext, answer: MessageRequest, model: string, signal: AbortSignal): Promise<void> {
    const conversation = await this.conversations.find(tenant, answer.conversationId);
    if (!conversation || (conversation.title !== null && conversation.titleSource !== 'message')) return;
    const messages = await this.history.upTo(tenant, answer, null);
    const question = messages.find(({ role }) => role === 'user');
    const reply = messages.find(({ role, content }) => role === 'assistant' && content !== '');
    if (!question || !reply || splitTurns(messages).length > TURNS_TO_NAME) return;
    const request = { model, messages: titlePrompt(textOf(question), textOf(reply)), maxOutputTokens: TITLE_TOKENS };
    const title = titleFrom(await this.#reply(tenant, 'title', request, signal));
    if (title !== null) await this.conversations.nameByModel(tenant, conversation.id, title);
  }

  /** Two that do this at once come to one result: the later one finds that the summary has moved on. */
  async #sumUp(
    tenant: TenantContext,
    answer: MessageRequest,
    by: { model: string; isModel: boolean; signal: AbortSignal },
  ): Promise<void> {
    const conversation = await this.conversations.find(tenant, answer.conversationId);
    if (!conversation) return;
    const messages = await this.history.upTo(tenant, answer, conversation.summaryMessageId);
    const isTakenUp = messages[0]?.id === conversation.summaryMessageId;
    const turns = splitTurns(isTakenUp ? messages.slice(1) : messages);
    const forgotten = this.#forgotten(turns, by.model);
    const last = forgotten.flat().at(-1);
    if (!last) return;
    const earlier = isTakenUp ? conversation.summary : null;
    const summary = await this.#summary(tenant, earlier, forgotten, by);
    const { id, summaryMessageId: before } = conversation;
    await this.conversations.saveSummary(tenant, { id, before, summary, messageId: last.id });
  }

  /** Turns beyond those remembered literally, a few at a time; earlier where they fill half of what the model can take. */
  #forgotten<Message extends Parameters<typeof countMessageTokens>[0][number]>(
    turns: Message[][],
    model: string,
  ): Message[][] {
    const { shortTermMemoryTurns } = this.config;
    let room = this.models.contextWindowOf(model) / 2;
    let kept = 0;
    for (const turn of turns.slice(-shortTermMemoryTurns).reverse()) {
      room -= countMessageTokens(turn, model);
      if (room < 0) break;
      kept += 1;
    }
    const excess = turns.length - Math.max(1, kept);
    const isCrowded = room < 0;
    const atOnce = isCrowded ? 1 : Math.max(1, Math.floor(shortTermMemoryTurns / 4));
    return excess >= atOnce ? turns.slice(0, excess) : [];
  }

  async #summary(
    tenant: TenantContext,
    earlier: string | null,
    turns: Parameters<typeof extractiveSummary>[1],
    { model, isModel, signal }: { model: string; isModel: boolean; signal: AbortSignal },
  ): Promise<string> {
    const maxTokens = this.config.summaryTokens;
    const share = this.models.contextWindowOf(model) / 2 / Math.max(1, turns.flat().length);
    const messages = summaryPrompt(earlier, turns, Math.floor(share));
    // A summary that is only cut together is better than a hole.
    const reply = isModel
      ? await this.#reply(tenant, 'summary', { model, messages, maxOutputTokens: maxTokens }, signal).catch(() => '')
      : '';
    const made = truncateToTokens(reply.trim(), maxTokens);
    if (made !== '') return made;
    return extractiveSummary(earlier, turns, { maxTokens, countTokens: (text) => countTokens(text, model) });
  }

  #reply(
    tenant: TenantContext,
    purpose: ReplyCharge['purpose'],
    request: ChatRequest,
    signal: AbortSignal,
  ): Promise<string> {
    const charge = (origin: ModelOrigin, usage: Usage) => this.ledger.chargeReply(tenant, { purpose, origin, usage });
    return modelReply(this.models, request, { signal, charge });
  }
}
