import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { ChatProvider } from '@parley/llm';

/** What clients may write instead of the configured model's name. */
export const DEFAULT_MODEL_ALIAS = 'default';

const FRESH_MS = 60_000;
/** The shortest time between two questions to the provider. */
const ASK_AGAIN_AFTER_MS = 5_000;
const LOAD_TIMEOUT_MS = 5_000;
const MAX_MODELS = 1_000;

/** Which models the provider has, asked seldom. The configured model counts as known, whether or not the provider lists it. */
@Injectable()
export class ModelCatalog {
  readonly #logger = new Logger(ModelCatalog.name);
  #models: readonly string[] = [];
  #loadedAt = -Infinity;
  #askedAt = -Infinity;
  #asking: Promise<void> | null = null;

  constructor(private readonly provider: ChatProvider) {}

  /** Who answers. */
  get providerName(): string {
    return this.provider.name;
  }

  /** The provider's models, the default one first. A provider that does not answer has those that it had before. */
  async list(): Promise<string[]> {
    if (since(this.#loadedAt) > FRESH_MS) await this.#ask();
    return [...new Set([this.provider.defaultModel, ...this.#models])];
  }

  /**
   * The model that answers to a name; null means the default one.
   * @throws DomainError `model_not_found`; `service_unavailable` when the provider never told what it has
   */
  async resolve(name: string | null): Promise<string> {
    const { defaultModel } = this.provider;
    if (name === null || name === DEFAULT_MODEL_ALIAS || name === defaultModel) return defaultModel;
    if (!this.#models.includes(name)) await this.#ask();
    if (this.#models.includes(name)) return name;
    if (this.#loadedAt === -Infinity) {
      const retryAfterMs = ASK_AGAIN_AFTER_MS;
      throw new DomainError('service_unavailable', 'The provider does not tell its models.', { retryAfterMs });
    }
    throw new DomainError('model_not_found', `The model '${name.slice(0, 100)}' does not exist.`, { param: 'model' });
  }

  /** Whether the provider answers, or did within the last minute. */
  async isReachable(): Promise<boolean> {
    if (this.provider.state === 'open') return false;
    await this.list();
    return since(this.#loadedAt) <= FRESH_MS;
  }

  /** Never rejects: an old list is better than none. */
  #ask(): Promise<void> {
    if (since(this.#askedAt) > ASK_AGAIN_AFTER_MS) {
      this.#askedAt = performance.now();
      this.#asking = this.#load();
    }
    return this.#asking ?? Promise.resolve();
  }

  async #load(): Promise<void> {
    try {
      const models = await this.provider.models(AbortSignal.timeout(LOAD_TIMEOUT_MS));
      this.#models = models.slice(0, MAX_MODELS);
      this.#loadedAt = performance.now();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.warn(`The provider's models cannot be listed: ${reason}`);
    }
  }
}

function since(time: number): number {
  return performance.now() - time;
}
