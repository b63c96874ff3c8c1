import { DomainError } from '@parley/contracts';
import {
  BUILTIN_EMBEDDING_MODEL,
  BuiltinEmbeddingProvider,
  isBuiltinEmbeddingModel,
} from './builtin/builtin.embedding-provider.js';
import { type EmbeddingProvider } from './embedding-provider.js';
import { type LlmObserver } from './llm-observer.js';
import { type EmbeddingModel, hasEndpoint, type LlmOptions, resolveLlmOptions } from './llm-options.js';
import { OpenAiEmbeddingProvider } from './openai/openai.embedding-provider.js';

/** More than an installation has at a time; what is dropped is made again when it is needed. */
const MAX_PROVIDERS = 16;

/**
 * The embedding models of an installation, one provider each, made when first needed. They share the rate limit of their
 * account; a breaker is each model's own, so that one that fails does not take the others with it.
 */
export class EmbeddingProviders {
  /** What is embedded with unless something says otherwise. */
  readonly default: EmbeddingProvider;
  readonly #builtins = new Map<string, EmbeddingProvider>();
  /** Least recently used first. */
  readonly #providers = new Map<string, EmbeddingProvider>();

  constructor(
    private readonly options: LlmOptions,
    private readonly observer?: LlmObserver,
  ) {
    const { embeddingModel: model, embeddingDimensions: dimensions } = options;
    this.default =
      isBuiltinEmbeddingModel(model) || !hasEndpoint(options)
        ? this.#builtin(isBuiltinEmbeddingModel(model) ? model : BUILTIN_EMBEDDING_MODEL)
        : this.#endpoint({ model, dimensions });
  }

  /** The models that may be chosen: the default first, the built-in one always among them. */
  get models(): EmbeddingModel[] {
    const { embeddingModel: model, embeddingDimensions: dimensions, embeddingModels = [] } = this.options;
    const external = hasEndpoint(this.options) ? [{ model, dimensions }, ...embeddingModels] : [];
    const models = [...external, { model: BUILTIN_EMBEDDING_MODEL, dimensions: undefined }];
    return models.filter((each, index) => models.findIndex((other) => other.model === each.model) === index);
  }

  /** Whether a model is failing and being given a pause. */
  get isPausing(): boolean {
    return [this.default, ...this.#providers.values()].some(({ state }) => state === 'open');
  }

  /**
   * The provider of a model, which need not be one that may still be chosen: what was embedded with it stays usable as
   * long as the endpoint serves it.
   * @param model with dimensions: the provider gives vectors of that length or fails
   * @throws DomainError `model_not_found` when there is no endpoint to ask
   */
  of(model: EmbeddingModel): EmbeddingProvider {
    if (isBuiltinEmbeddingModel(model.model)) return this.#builtin(model.model);
    if (!hasEndpoint(this.options)) {
      throw new DomainError(
        'model_not_found',
        `The embedding model ${model.model} is not available: no provider is set.`,
      );
    }
    if (model.model === this.default.model && model.dimensions === undefined) return this.default;
    const key = `${model.model} ${model.dimensions ?? ''}`;
    const provider = this.#providers.get(key) ?? this.#endpoint(model);
    this.#providers.delete(key);
    this.#providers.set(key, provider);
    if (this.#providers.size > MAX_PROVIDERS) this.#providers.delete(this.#providers.keys().next().value!);
    return provider;
  }

  #builtin(model: string): EmbeddingProvider {
    const provider = this.#builtins.get(model) ?? new BuiltinEmbeddingProvider(this.observer, model);
    this.#builtins.set(model, provider);
    return provider;
  }

  #endpoint({ model, dimensions }: EmbeddingModel): EmbeddingProvider {
    const options = { ...this.options, embeddingModel: model, embeddingDimensions: dimensions };
    return new OpenAiEmbeddingProvider(resolveLlmOptions(options), this.observer);
  }
}
