import { normalize } from '../vector.js';
import { isStopword, type Term, termsOf } from './lexical.js';

export interface HashEmbedding {
  dimensions: number;
  /** Of all parts of a word together, against the word itself. */
  partsWeight: number;
}

const STOPWORD_WEIGHT = 0.1;
/** Shorter words say less; there are no statistics here to say it better. */
const TELLING_LENGTH = 5;
const NGRAM_SIZES = [3, 4, 5];
const SALTS = [0x9e3779b9, 0x85ebca6b];

/**
 * A text as a direction: words and their parts (character n-grams of 3 to 5, so that inflections and typing errors stay
 * close), weighted by the logarithm of their frequency, each hashed to two signed coordinates (feature hashing,
 * Weinberger et al. 2009). The same text gives the same vector in every process.
 */
export function hashEmbedding(text: string, { dimensions, partsWeight }: HashEmbedding): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [term, frequency] of frequencies(termsOf(text))) {
    const weight = (1 + Math.log(frequency)) * weightOf(term);
    addFeature(vector, `w${term.text}`, weight);
    const parts = term.unspaced ? [...term.text] : ngramsOf(term.text);
    for (const part of parts) addFeature(vector, `n${part}`, (weight * partsWeight) / Math.sqrt(parts.length));
  }
  // Signs alone, or features that cancelled out: the text as a whole is the only feature left.
  if (!normalize(vector)) {
    addFeature(vector, `t${text}`, 1);
    normalize(vector);
  }
  return vector;
}

function weightOf(term: Term): number {
  if (isStopword(term)) return STOPWORD_WEIGHT;
  return term.unspaced ? 1 : Math.min(1, term.text.length / TELLING_LENGTH);
}

function frequencies(terms: Term[]): [Term, number][] {
  const counted = new Map<string, [Term, number]>();
  for (const term of terms) {
    const entry = counted.get(term.text);
    if (entry) entry[1]++;
    else counted.set(term.text, [term, 1]);
  }
  return [...counted.values()];
}

function ngramsOf(word: string): string[] {
  const characters = [...`^${word}$`];
  const ngrams: string[] = [];
  for (const size of NGRAM_SIZES) {
    for (let start = 0; start + size <= characters.length; start++) {
      ngrams.push(characters.slice(start, start + size).join(''));
    }
  }
  return ngrams;
}

/** Two coordinates per feature: what collides in one seldom collides in the other. */
function addFeature(vector: Float32Array, feature: string, weight: number): void {
  const hash = fnv1a(feature);
  for (const salt of SALTS) {
    const mixed = mix(hash ^ salt);
    vector[mixed % vector.length]! += mixed & 0x8000_0000 ? weight : -weight;
  }
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
