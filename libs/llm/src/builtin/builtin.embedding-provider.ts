import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BreakerState } from '../chat-provider.js';
import {
  type EmbeddingBatch,
  type EmbeddingOptions,
  EmbeddingProvider,
  type EmbeddingResult,
} from '../embedding-provider.js';
import { type LlmObserver } from '../llm-observer.js';
import { meteredEmbedding } from '../metered-embedding.js';
import { countTokens } from '../tokens/tokenizer.js';
import { assertNotBlank } from '../embedding-input.js';
import { type HashEmbedding, hashEmbedding } from './hash-embedding.js';

/** The number changes with the vectors, so that old and new ones are never compared. */
export const BUILTIN_EMBEDDING_MODEL = 'parley-hash-embedding-2';

/** What was embedded with an earlier one stays usable, and can be moved to the newest. */
const GENERATIONS: Readonly<Record<string, HashEmbedding>> = {
  'parley-hash-embedding': { dimensions: 512, partsWeight: 1 },
  [BUILTIN_EMBEDDING_MODEL]: { dimensions: 1024, partsWeight: 0.5 },
};

export function isBuiltinEmbeddingModel(model: string): boolean {
  return Object.hasOwn(GENERATIONS, model);
}

const TEXTS_PER_BATCH = 64;
const TEXTS_PER_TURN = 8;

/** Hashed lexical embeddings: needs no model, finds texts that share words, and knows nothing of their meaning. */
export class BuiltinEmbeddingProvider extends EmbeddingProvider {
  readonly name = 'builtin';
  readonly state: BreakerState = 'closed';

  constructor(
    private readonly observer: LlmObserver = {},
    readonly model = BUILTIN_EMBEDDING_MODEL,
  ) {
    super();
  }

  get #generation(): HashEmbedding {
    return GENERATIONS[this.model]!;
  }

  dimensions(): Promise<number> {
    return Promise.resolve(this.#generation.dimensions);
  }

  async embed(
    texts: string[],
    { signal = new AbortController().signal }: EmbeddingOptions = {},
  ): Promise<EmbeddingResult> {
    const call = { operation: 'embedding', provider: this.name, model: this.model } as const;
    return meteredEmbedding(() => embedAll(texts, this.#generation, signal), { call, signal, observer: this.observer });
  }

  async *embedBatches(texts: string[], options: EmbeddingOptions = {}): AsyncGenerator<EmbeddingBatch> {
    for (let offset = 0; offset < texts.length; offset += TEXTS_PER_BATCH) {
      yield { offset, ...(await this.embed(texts.slice(offset, offset + TEXTS_PER_BATCH), options)) };
    }
  }
}

async function embedAll(texts: string[], generation: HashEmbedding, signal: AbortSignal): Promise<EmbeddingResult> {
  const result: EmbeddingResult = { vectors: [], promptTokens: 0 };
  for (const [index, text] of texts.entries()) {
    if (index % TEXTS_PER_TURN === 0) await nextTurn();
    signal.throwIfAborted();
    assertNotBlank(text, index);
    result.vectors.push(hashEmbedding(text, generation));
    result.promptTokens += countTokens(text);
  }
  return result;
}
