import { createRequire } from 'node:module';
import { DomainError } from '@parley/contracts';
import type * as Ranks from 'gpt-tokenizer/bpeRanks/o200k_base';
import type * as Encoding from 'gpt-tokenizer/encoding/o200k_base';
import { withoutLongRuns } from './long-runs.js';
import { type EncodingName, encodingOf } from './model-catalogue.js';

interface Tokenizer {
  encode(text: string): number[];
  encodePieces(text: string): Iterable<number[]>;
  count(text: string): number;
  /** By token: its text, or its bytes where they are no text of their own. */
  pieces: readonly (string | number[] | undefined)[];
}

const load = createRequire(import.meta.url);
const tokenizers = new Map<EncodingName, Tokenizer>();

/** `<|endoftext|>` in a user's text is text. */
const PLAIN = { disallowedSpecial: new Set<string>() };

/**
 * A vocabulary takes about 0.1 s and 20 MB, so it is loaded by the first process that needs it. The library's cache of
 * merges stays off: its keys are slices that would keep whole documents in memory.
 */
function tokenizerOf(name: EncodingName): Tokenizer {
  const loaded = tokenizers.get(name);
  if (loaded) return loaded;
  const encoding = load(`gpt-tokenizer/encoding/${name}`) as typeof Encoding;
  const ranks = load(`gpt-tokenizer/bpeRanks/${name}`) as typeof Ranks;
  encoding.setMergeCacheSize(0);
  const tokenizer: Tokenizer = {
    encode: (text) => encoding.encode(text, PLAIN),
    encodePieces: (text) => encoding.encodeGenerator(text, PLAIN),
    count: (text) => encoding.countTokens(text, PLAIN),
    pieces: ranks.default,
  };
  tokenizers.set(name, tokenizer);
  return tokenizer;
}

/** Tokens of a text for a model, o200k_base where the model is unknown. Takes time in proportion to the text. */
export function countTokens(text: string, model?: string): number {
  const tokenizer = tokenizerOf(encodingOf(model));
  let count = 0;
  for (const part of withoutLongRuns(text)) count += tokenizer.count(part);
  return count;
}

export function encodeTokens(text: string, model?: string): number[] {
  const tokenizer = tokenizerOf(encodingOf(model));
  return [...withoutLongRuns(text)].flatMap((part) => tokenizer.encode(part));
}

/**
 * The text of tokens; a character cut off at either end becomes U+FFFD. The library's own decoder carries such bytes
 * over into its next call.
 * @throws DomainError `invalid_request` for a number that is no token of the model's encoding
 */
export function decodeTokens(tokens: Iterable<number>, model?: string): string {
  const name = encodingOf(model);
  const { pieces } = tokenizerOf(name);
  const decoder = new TextDecoder();
  let text = '';
  for (const token of tokens) {
    const piece = pieces[token];
    if (piece === undefined) throw new DomainError('invalid_request', `${token} is not a token of ${name}.`);
    text +=
      typeof piece === 'string' ? decoder.decode() + piece : decoder.decode(Uint8Array.from(piece), { stream: true });
  }
  return text + decoder.decode();
}

/** The longest beginning of a text that decodes cleanly and has at most `maxTokens` tokens. */
export function truncateToTokens(text: string, maxTokens: number, model?: string): string {
  const tokens = firstTokens(text, maxTokens, model);
  if (tokens === null) return text;
  for (let keep = maxTokens; keep > 0; keep--) {
    const beginning = decodeTokens(tokens.slice(0, keep), model).replace(/\uFFFD$/, '');
    if (countTokens(beginning, model) <= maxTokens) return beginning;
  }
  return '';
}

/** Null when the text has no more than that. */
function firstTokens(text: string, maxTokens: number, model?: string): number[] | null {
  const tokenizer = tokenizerOf(encodingOf(model));
  const tokens: number[] = [];
  for (const part of withoutLongRuns(text)) {
    for (const piece of tokenizer.encodePieces(part)) {
      tokens.push(...piece);
      if (tokens.length > maxTokens) return tokens;
    }
  }
  return null;
}
