import { Injectable } from '@nestjs/common';
import { RetrievalConfig } from '@parley/config';
import {
  DomainError,
  MAX_RUN_VARIANTS,
  type StartRunRequest,
  type TenantContext,
  type Variant,
  variantOf,
} from '@parley/contracts';
import { type ChatMessage } from '@parley/llm';
import { v7 as uuidv7 } from 'uuid';
import { type AssistantEntity } from '../assistants/assistant.entity.js';
import { AssistantsRepository } from '../assistants/assistants.repository.js';
import { ConversationHistory, type StoredHistory } from '../conversations/conversation-history.js';
import { extendHistoryHash, type HistoryHash } from '../conversations/history-hash.js';
import { titleOf } from '../conversations/title.js';
import { ModelCatalog } from '../models/model-catalog.js';
import { groundingOf } from './grounding.js';
import { toProviderMessage, toProviderOptions } from './provider-message.js';
import { type RunPlan, type RunStorage } from './run-plan.js';
import { lastUserText, splitAtLastAnswer, splitInstructions, textOf, withoutDanglingCalls } from './turns.js';

/** Turns a request into a plan: which model answers, from which history, grounded in what, and where it is stored. */
@Injectable()
export class RunPlanner {
  constructor(
    private readonly assistants: AssistantsRepository,
    private readonly history: ConversationHistory,
    private readonly models: ModelCatalog,
    private readonly retrieval: RetrievalConfig,
  ) {}

  /** @throws DomainError `model_not_found` for unknown models and assistants, `not_found` for unknown conversations */
  async plan(tenant: TenantContext, request: StartRunRequest): Promise<RunPlan> {
    const stored = await this.#stored(tenant, request);
    const assistant = await this.#assistant(tenant, request, stored);
    const model = await this.models.resolve(assistant ? assistant.model : (request.model ?? null));
    const { servedModel, variants } = await this.#served(model, request);
    const { origin, contextWindowTokens } = this.models.describe(servedModel);
    const sent = request.messages.map(toProviderMessage);
    const { instructions, talk: said } = splitInstructions(sent);
    const talk = stored ? withoutDanglingCalls([...stored.messages, ...said]) : said;
    if (!talk.some(({ role }) => role === 'user') && sent.length === 0) throw nothingSaid();
    const question = lastUserText(said.length > 0 ? said : talk);
    return {
      runId: request.runId,
      assistantId: assistant?.id ?? null,
      ...{ model, servedModel, variants, origin, contextWindowTokens },
      instructions: assistant?.instructions
        ? [{ role: 'system', content: assistant.instructions }, ...instructions]
        : instructions,
      talk,
      summary: stored?.summary ?? null,
      maxTurns: stored?.maxTurns ?? Infinity,
      keepsConversation: stored !== null && !request.record,
      brokenAnswer: stored?.brokenAnswer ?? null,
      ...groundingOf(request, { assistant, question, provider: origin.provider, defaults: this.retrieval }),
      tellsResults: request.tellsResults ?? false,
      options: toProviderOptions(request.generation, assistant),
      storage: request.store ? await this.#storage(tenant, sent, stored, assistant) : null,
      record: request.record ?? null,
      metadata: request.metadata,
      streamAddress: request.streamAddress ?? null,
    };
  }

  /** Who answers for a model. A replacement that is not there is no reason to fail: the model itself answers. */
  async #served(
    model: string,
    { modelFlags = [], variants = [] }: StartRunRequest,
  ): Promise<{ servedModel: string; variants: Variant[] | null }> {
    const flag = modelFlags.find((candidate) => candidate.model === model);
    const replacement = flag?.isOn ? await this.models.resolve(flag.replacement).catch(() => null) : null;
    const all = flag ? [...variants, variantOf(flag.feature, replacement !== null)] : variants;
    return { servedModel: replacement ?? model, variants: all.length > 0 ? all.slice(0, MAX_RUN_VARIANTS) : null };
  }

  async #stored(
    tenant: TenantContext,
    { conversationId, branch, messages, record }: StartRunRequest,
  ): Promise<StoredHistory | null> {
    if (conversationId === undefined) return null;
    const isSaidAnew = branch?.kind !== 'regenerate' && branch?.kind !== 'continue';
    if (isSaidAnew !== messages.length > 0) throw nothingSaid();
    return this.history.load(tenant, conversationId, { branch, isWhole: record !== undefined });
  }

  /** A conversation goes on with its assistant unless the request names another one, or a model. */
  async #assistant(
    tenant: TenantContext,
    { assistantId, model }: StartRunRequest,
    stored: StoredHistory | null,
  ): Promise<AssistantEntity | null> {
    const id = assistantId ?? (model === undefined ? stored?.assistantId : null);
    if (!id) return null;
    const assistant = await this.assistants.find(tenant, id);
    if (!assistant) throw new DomainError('model_not_found', 'No such assistant.', { param: 'model' });
    return assistant;
  }

  /** Clients that send their whole history with every request go on in the conversation which that history made. */
  async #storage(
    tenant: TenantContext,
    sent: ChatMessage[],
    stored: StoredHistory | null,
    assistant: AssistantEntity | null,
  ): Promise<RunStorage> {
    const messageId = uuidv7();
    const { answered, added } = splitAtLastAnswer(sent);
    const all = [...answered, ...added];
    if (stored) {
      const { id: conversationId, parentId, historyHash } = stored;
      const title = stored.hasTitle ? null : titleFor([...stored.messages, ...all]);
      const at = { conversationId, isNewConversation: false, title, messageId, parentId };
      return { ...at, ...chained(historyHash, parentId, all) };
    }
    const answeredHash = extendHistoryHash(null, answered);
    const known = answeredHash && (await this.history.findByHash(tenant, assistant?.id ?? null, answeredHash));
    if (known) {
      const { conversationId, messageId: parentId } = known;
      const at = { conversationId, isNewConversation: false, title: null, messageId, parentId };
      return { ...at, ...chained(answeredHash, parentId, added) };
    }
    const at = { conversationId: uuidv7(), isNewConversation: true, title: titleFor(all), messageId, parentId: null };
    return { ...at, ...chained(null, null, all) };
  }
}

function titleFor(messages: ChatMessage[]): string | null {
  const first = messages.find(({ role }) => role === 'user');
  return first ? titleOf(textOf(first)) : null;
}

/** New messages, each with the hash of the history up to it: unknown behind a message of which it is not known. */
function chained(
  before: HistoryHash | null,
  parentId: string | null,
  messages: ChatMessage[],
): Pick<RunStorage, 'added' | 'historyHash'> {
  let historyHash = before;
  const isKnown = before !== null || parentId === null;
  const added = messages.map((message) => {
    if (isKnown) historyHash = extendHistoryHash(historyHash, [message]);
    return { id: uuidv7(), message, historyHash };
  });
  return { added, historyHash };
}

function nothingSaid(): DomainError {
  return new DomainError('invalid_request', 'A message is needed, except to answer anew or to go on.', {
    param: 'messages',
  });
}
