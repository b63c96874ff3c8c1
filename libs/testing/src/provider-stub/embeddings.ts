import { createHash } from 'node:crypto';
import type { RecordedRequest } from './script.js';

const DEFAULT_DIMENSIONS = 1536;

/** The vector of a text; undefined leaves it to the stub. */
export type VectorOf = (text: string) => ArrayLike<number> | undefined;

/** Answer body of `POST /v1/embeddings`, null when the input is none of OpenAI's four forms. */
export function embeddingsBody({ body }: RecordedRequest, vectorOf?: VectorOf): object | null {
  const inputs = parseInputs(body['input']);
  if (!inputs) return null;
  const dimensions = typeof body['dimensions'] === 'number' ? body['dimensions'] : DEFAULT_DIMENSIONS;
  const isBase64 = body['encoding_format'] === 'base64';
  const texts = [body['input']].flat();
  const data = inputs.map((words, index) => {
    const vector = vectorOf?.(String(texts[index])) ?? embed(words, dimensions);
    const embedding = isBase64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : Array.from(vector);
    return { object: 'embedding', index, embedding };
  });
  const tokens = inputs.reduce((sum, words) => sum + words.length, 0);
  return { object: 'list', data, model: body['model'], usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/**
 * A unit vector that depends on nothing but the words: every word adds ±1 at four places that its hash names, so texts
 * that share words are near each other.
 */
export function embed(words: string[], dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const word of words) {
    const hash = createHash('sha256').update(word).digest();
    for (let offset = 0; offset < 16; offset += 4) {
      const value = hash.readUInt32LE(offset);
      vector[(value >>> 1) % dimensions]! += value & 1 ? 1 : -1;
    }
  }
  const norm = Math.hypot(...vector);
  return norm === 0 ? vector.fill(1 / Math.sqrt(dimensions)) : vector.map((component) => component / norm);
}

function parseInputs(input: unknown): string[][] | null {
  if (typeof input === 'string') return [wordsOf(input)];
  if (!Array.isArray(input) || input.length === 0) return null;
  if (input.every((item) => typeof item === 'number')) return [input.map(String)];
  if (input.every((item) => typeof item === 'string')) return input.map(wordsOf);
  const isTokenLists = input.every((item) => Array.isArray(item) && item.every((token) => typeof token === 'number'));
  return isTokenLists ? (input as number[][]).map((tokens) => tokens.map(String)) : null;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
