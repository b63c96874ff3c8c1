import { DomainError, type ErrorCode, type ModelOrigin } from '@parley/contracts';
import { type ChatChunk, type ChatProvider, type ChatRequest, type StreamOptions } from './chat-provider.js';
import { type SpeechChunk, type SpeechRequest } from './speech.js';
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
    const fits = (target: ModelTarget) =>
      countRequestTokens({ ...request, model: target.model }) + (request.maxOutputTokens ?? 0) <=
      this.#windowOf(target);
    const ask: Ask<ChatChunk> = (provider, model, options) => provider.stream({ ...request, model }, signal, options);
    let told: ModelTarget | undefined;
    for await (const { origin, item } of this.#first(request.model, ask, { signal, fits })) {
      if (!told) yield { type: 'origin', origin: { provider: origin.provider, model: origin.model } };
      told = origin;
      yield item.type === 'usage' ? this.#charged(origin, item) : item;
    }
  }

  /** A text read aloud by the first provider that begins to. @throws DomainError of the last provider that was asked */
  async *speak(request: SpeechRequest, signal: AbortSignal): AsyncGenerator<SpeechChunk> {
    const ask: Ask<Uint8Array> = (provider, model, options) => provider.speak({ ...request, model }, signal, options);
    let hasBegun = false;
    for await (const { origin, item } of this.#first(request.model, ask, { signal, fits: () => true })) {
      if (!hasBegun) yield this.#begun(origin, request.text);
      hasBegun = true;
      yield { type: 'audio', bytes: item };
    }
  }

  /** What the first target answers that begins to: once it has begun, its failure is the answer's. */
  async *#first<T>(
    name: string,
    ask: Ask<T>,
    { signal, fits }: { signal: AbortSignal; fits: (target: ModelTarget) => boolean },
  ): AsyncGenerator<{ origin: ModelTarget; item: T }> {
    const candidates = [...this.targetsOf(name)];
    let origin = candidates.shift()!;
    for (;;) {
      let hasBegun = false;
      try {
        const items = ask(this.#providerOf(origin), origin.model, { hasAlternative: candidates.length > 0 });
        for await (const item of items) {
          hasBegun = true;
          yield { origin, item };
        }
        return;
      } catch (error) {
        const isOver = hasBegun || signal.aborted || !isWorthAnother(error);
        const next = isOver ? undefined : nextOf(candidates, fits);
        if (!next) throw error;
        this.observer.fellBack?.({ from: origin, to: next, reason: (error as DomainError).code });
        origin = next;
      }
    }
  }

  #providerOf({ provider: name }: ModelTarget): ChatProvider {
    return this.providers.find(({ provider }) => provider.name === name)!.provider;
  }

  #charged({ provider, model }: ModelTarget, { usage }: Extract<ChatChunk, { type: 'usage' }>): ChatChunk {
    const costMicros = this.#prices.costMicros({ provider, model }, usage);
    this.observer.charged?.({ origin: { provider, model }, usage, costMicros });
    return { type: 'usage', usage, costMicros };
  }

  #begun({ provider, model }: ModelTarget, text: string): SpeechChunk {
    const origin = { provider, model };
    const characters = [...text].length;
    const costMicros = this.#prices.speechCostMicros(origin, characters);
    this.observer.spoken?.({ origin, characters, costMicros });
    return { type: 'begun', origin, characters, costMicros };
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

type Ask<T> = (provider: ChatProvider, model: string, options: StreamOptions) => AsyncIterable<T>;

function isWorthAnother(error: unknown): boolean {
  return error instanceof DomainError && WORTH_ANOTHER.has(error.code);
}

/** Takes the candidates that are passed over as well. */
function nextOf(candidates: ModelTarget[], fits: (target: ModelTarget) => boolean): ModelTarget | undefined {
  for (let next = candidates.shift(); next; next = candidates.shift()) if (fits(next)) return next;
  return undefined;
}
