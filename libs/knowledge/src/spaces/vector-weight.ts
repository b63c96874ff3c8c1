/** What a sentence encoder deserves; of hashed lexical vectors more than 0.1 makes some results worse than BM25 alone. */
const OF_MODELS = 0.5;
const OF_BUILTIN = 0.1;

/** What vectors are worth against BM25, 0 to 1, as long as nobody has measured it. */
export function defaultVectorWeight(provider?: string): number {
  return provider === 'builtin' ? OF_BUILTIN : OF_MODELS;
}
