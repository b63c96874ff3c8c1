import { type LegWeights } from '@parley/contracts';
import { type EmbeddingSpace, isMostlyUnspaced } from '@parley/knowledge';
import { isBuiltinEmbeddingModel } from '@parley/llm';

/** Just enough to put equals in an order. */
const SHARE_WHERE_BOTH_SEE_THE_SAME = 0.01;

/**
 * The weights of a search that does not say its own; undefined for those of the embedding space. In scripts without spaces
 * the built-in vectors hash the same pairs of characters that the lexical leg counts exactly, and make it no better.
 */
export function legWeights(text: string, space: EmbeddingSpace | null): LegWeights | undefined {
  if (space === null || !isBuiltinEmbeddingModel(space.model) || !isMostlyUnspaced(text)) return undefined;
  const vector = space.vectorWeight * SHARE_WHERE_BOTH_SEE_THE_SAME;
  return { lexical: 1 - vector, vector };
}
