import { describe, expect, it } from '@jest/globals';
import { type EmbeddingSpace } from '@parley/knowledge';
import { BUILTIN_EMBEDDING_MODEL } from '@parley/llm';
import { legWeights } from './leg-weights.js';

const spaceOf = (model: string) => ({ model, vectorWeight: 0.1 }) as EmbeddingSpace;

describe('the weights of the legs', () => {
  it.each(['追踪即时编译器', 'トレース', '추적 컴파일러', 'คอมไพเลอร์', 'GPU 上的追踪编译器'])(
    'leave only ties to the built-in vectors for %s',
    (text) => {
      const weights = legWeights(text, spaceOf(BUILTIN_EMBEDDING_MODEL));
      expect(weights).toEqual({ lexical: expect.closeTo(0.999), vector: expect.closeTo(0.001) });
    },
  );

  it('are those of the embedding space for words, for other models and without vectors', () => {
    expect(legWeights('tracing compilers in 東京', spaceOf(BUILTIN_EMBEDDING_MODEL))).toBeUndefined();
    expect(legWeights('追踪即时编译器', spaceOf('text-embedding-3-small'))).toBeUndefined();
    expect(legWeights('追踪即时编译器', null)).toBeUndefined();
  });
});
