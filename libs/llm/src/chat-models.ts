import { DomainError, type ErrorCode, type ModelOrigin } from '@parley/contracts';
import { type ChatChunk, type ChatProvider, type ChatRequest } from './chat-provider.js';
import { type LlmObserver } from './llm-observer.js';
import { type ModelPrice, PriceTable } from './price-table.js';
import { countRequestTokens } from './tokens/message-tokens.js';
import { contextWindowOf } from './tokens/model-catalogue.js';

export interface ModelTarget extends ModelOrigin {
  /** Instead of what is known of the model. */
  contextWindowTokens?: number | undefined;
}

/** How clients name a provider's own models: as it does, as `provider/model`, or not at all. */
export type ModelNaming = 'plain' | 'prefixed' | 'hidden';

export interface NamedProvider {
  provider: ChatProvider;
  naming: ModelNaming;
}

export interface ChatModelsOptions {
  providers: readonly NamedProvider[];
  /** Names for clients, and who answers to each: the first that can. */
  aliases: ReadonlyMap<string, readonly ModelTarget[]>;
  /** For requests that name no model. */
  defaultModel: string;
  prices: readonly ModelPrice[];
  /** Of models that say nothing else and are not known. */
  contextWindowTokens?: number | undefined;
}

/** Failures that another provider need not have. Any other failure lies in the request. */
const WORTH_ANOTHER: ReadonlySet<ErrorCode> = new Set([
  'provider_error',
  'provider_rate_limited',
  'timeout',
  'service_unavailable',
  'model_not_found',
]);

/** The models that clients may name, over one or more providers: names, fallback in order, cost. */
export class ChatModels {
  readonly providers: readonly NamedProvider[];
  readonly defaultModel: string;
  readonly #prices: PriceTable;

  constructor(
    private readonly options: ChatModelsOptions,
    private readonly observer: LlmObserver = {},
  ) {
    this.providers = options.providers;
    this.defaultModel = options.defaultModel;
    this.#prices = new PriceTable(options.prices);
  }

  get aliases(): string[] {
    return [...this.options.aliases.keys()];
  }

  /**
   * Who answers to a name, in order. That a provider has the model is not checked for names that are no aliases.
   * @throws DomainError `model_not_found` when nobody can
   */
  targetsOf(name: string): readonly ModelTarget[] {
    const target = this.options.aliases.get(name) ?? this.#directTarget(name);
    if (target) return target;
    throw new DomainError('model_not_found', `The model '${name.slice(0, 100)}' does not exist.`, { param: 'model' });
  }

  /** Of who is asked first. @throws DomainError `model_not_found` */
  contextWindowOf(name: string): number {
    return this.#windowOf(this.targetsOf(name)[0]!);
  }

  /**
   * One answer, told as by `ChatProvider.stream`, of the first provider that begins to answer: once it has begun, its
   * failure is the answer's. Who it is comes first; how it ends comes with its cost.
   * @throws DomainError of the last provider that was asked
   */
  async *stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatChunk> {
    const candidates = [...this.targetsOf(request.model)];
    let origin = candidates.shift()!;
    for (;;) {
      let hasBegun = false;
      try {
        for await (const chunk of this.#ask(origin, request, signal, candidates.length > 0)) {
          if (!hasBegun) yield { type: 'origin', origin: { provider: origin.provider, model: origin.model } };
          hasBegun = true;
          yield chunk.type === 'usage' ? this.#charged(origin, chunk) : chunk;
        }
        return;
      } catch (error) {
        const next = hasBegun || signal.aborted ? undefined : this.#nextFor(request, error, candidates);
        if (!next) throw error;
        this.observer.fellBack?.({ from: origin, to: next, reason: (error as DomainError).code });
        origin = next;
      }
    }
  }

  #ask(
    { provider: name, model }: ModelTarget,
    request: ChatRequest,
    signal: AbortSignal,
    hasAlternative: boolean,
  ): AsyncIterable<ChatChunk> {
    const { provider } = this.providers.find((named) => named.provider.name === name)!;
    return provider.stream({ ...request, model }, signal, { hasAlternative });
  }

  /** Takes the candidates that are passed over as well: whose context is too small for this request. */
  #nextFor(request: ChatRequest, error: unknown, candidates: ModelTarget[]): ModelTarget | undefined {
    if (!(error instanceof DomainError) || !WORTH_ANOTHER.has(error.code)) return undefined;
    for (let next = candidates.shift(); next; next = candidates.shift()) {
      const neededTokens = countRequestTokens({ ...request, model: next.model }) + (request.maxOutputTokens ?? 0);
      if (neededTokens <= this.#windowOf(next)) return next;
    }
    return undefined;
  }

  #charged({ provider, model }: ModelTarget, { usage }: Extract<ChatChunk, { type: 'usage' }>): ChatChunk {
    const costMicros = this.#prices.costMicros({ provider, model }, usage);
    this.observer.charged?.({ origin: { provider, model }, usage, costMicros });
    return { type: 'usage', usage, costMicros };
  }

  #windowOf({ model, contextWindowTokens }: ModelTarget): number {
    return contextWindowOf(model, contextWindowTokens ?? this.options.contextWindowTokens);
  }

  #directTarget(name: string): ModelTarget[] | undefined {
    for (const { provider, naming } of this.providers) {
      if (naming === 'plain') return [{ provider: provider.name, model: name }];
      const prefix = `${provider.name}/`;
      if (naming === 'prefixed' && name.startsWith(prefix) && name.length > prefix.length) {
        return [{ provider: provider.name, model: name.slice(prefix.length) }];
      }
    }
    return undefined;
  }
}
