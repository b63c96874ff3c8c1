import { Logger } from '@nestjs/common';
import { type ChatProvider } from '@parley/llm';
import { cacheAsked } from '@parley/observability';

const FRESH_MS = 60_000;
/** The shortest time between two questions to the provider. */
const ASK_AGAIN_AFTER_MS = 5_000;
const LOAD_TIMEOUT_MS = 5_000;
const MAX_MODELS = 1_000;

/** Which models one provider has, asked seldom. One that does not answer has those that it had before. */
export class ModelListing {
  /** When it makes sense to ask again for a model that is not listed. */
  static readonly askAgainAfterMs = ASK_AGAIN_AFTER_MS;
  readonly #logger = new Logger(ModelListing.name);
  #models: readonly string[] = [];
  #loadedAt = -Infinity;
  #askedAt = -Infinity;
  #asking: Promise<void> | null = null;

  constructor(readonly provider: ChatProvider) {}

  /** Whether it has ever told what it has. */
  get isKnown(): boolean {
    return this.#loadedAt !== -Infinity;
  }

  async list(): Promise<readonly string[]> {
    if (since(this.#loadedAt) > FRESH_MS) await this.#ask();
    return this.#models;
  }

  /** Asks again for a name that it does not know yet. */
  async has(model: string): Promise<boolean> {
    const isListed = this.#models.includes(model);
    cacheAsked('models', isListed);
    if (!isListed) await this.#ask();
    return this.#models.includes(model);
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
      this.#logger.warn(`The models of provider ${this.provider.name} cannot be listed: ${reason}`);
    }
  }
}

function since(time: number): number {
  return performance.now() - time;
}
