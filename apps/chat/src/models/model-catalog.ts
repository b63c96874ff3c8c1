import { Injectable } from '@nestjs/common';
import { DomainError, type ModelOrigin } from '@parley/contracts';
import { ChatModels, type ModelNaming } from '@parley/llm';
import { ModelListing } from './model-listing.js';

/** What clients may write instead of the default model's name. */
export const DEFAULT_MODEL_ALIAS = 'default';

interface NamedListing {
  naming: ModelNaming;
  listing: ModelListing;
}

/** Which models there are. Aliases and the default model count as known, whether or not a provider lists them. */
@Injectable()
export class ModelCatalog {
  readonly #listings: readonly NamedListing[];

  constructor(private readonly models: ChatModels) {
    this.#listings = models.providers.map(({ provider, naming }) => ({ naming, listing: new ModelListing(provider) }));
  }

  /** The names that clients may use: the default one first, then aliases, then what providers list. */
  async list(): Promise<string[]> {
    const listed = await Promise.all(
      this.#listings.filter(({ naming }) => naming !== 'hidden').map((named) => this.#namesOf(named)),
    );
    return [...new Set([this.models.defaultModel, ...this.models.aliases, ...listed.flat()])];
  }

  /**
   * The model that answers to a name; null means the default one.
   * @throws DomainError `model_not_found`; `service_unavailable` when the provider never told what it has
   */
  async resolve(name: string | null): Promise<string> {
    const { defaultModel, aliases } = this.models;
    if (name === null || name === DEFAULT_MODEL_ALIAS || name === defaultModel) return defaultModel;
    if (aliases.includes(name)) return name;
    const [target] = this.models.targetsOf(name);
    const listing = this.#listingOf(target!.provider);
    if (await listing.has(target!.model)) return name;
    if (!listing.isKnown) {
      const retryAfterMs = ModelListing.askAgainAfterMs;
      throw new DomainError('service_unavailable', 'The provider does not tell its models.', { retryAfterMs });
    }
    throw new DomainError('model_not_found', `The model '${name.slice(0, 100)}' does not exist.`, { param: 'model' });
  }

  /** What a run has to know of a model that is resolved. */
  describe(model: string): { model: string; origin: ModelOrigin; contextWindowTokens: number } {
    const [{ provider, model: name }] = this.models.targetsOf(model) as [ModelOrigin];
    return { model, origin: { provider, model: name }, contextWindowTokens: this.models.contextWindowOf(model) };
  }

  /** Whether somebody who can answer to the default model is there. */
  async isReachable(): Promise<boolean> {
    const targets = this.models.targetsOf(this.models.defaultModel);
    const names = new Set(targets.map(({ provider }) => provider));
    const answering = [...names].map(async (name) => {
      if (!(await this.#listingOf(name).isReachable())) throw new Error(`${name} is away`);
    });
    return Promise.any(answering).then(
      () => true,
      () => false,
    );
  }

  /** One of each provider. */
  get listings(): ModelListing[] {
    return this.#listings.map(({ listing }) => listing);
  }

  async #namesOf({ naming, listing }: NamedListing): Promise<string[]> {
    const models = await listing.list();
    return models.map((model) => (naming === 'prefixed' ? `${listing.provider.name}/${model}` : model));
  }

  #listingOf(name: string): ModelListing {
    return this.#listings.find(({ listing }) => listing.provider.name === name)!.listing;
  }
}
