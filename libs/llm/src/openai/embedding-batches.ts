import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError } from '@parley/contracts';
import { assertNotBlank } from '../embedding-input.js';
import { countTokens } from '../tokens/tokenizer.js';

export interface BatchLimits {
  maxInputs: number;
  maxTokens: number;
  maxInputTokens: number;
}

/** OpenAI's limits for one embedding request, which other servers meet or exceed. */
export const BATCH_LIMITS: BatchLimits = { maxInputs: 256, maxTokens: 200_000, maxInputTokens: 8_192 };

export interface InputBatch {
  offset: number;
  texts: string[];
  tokens: number;
}

/** Counting much text at once would hold up everything else in the process. */
const TOKENS_PER_TURN = 20_000;

/**
 * Cuts texts into requests, in order and as late as possible.
 * @throws DomainError `invalid_request` for a blank text, `context_length_exceeded` for one that is too long
 */
export async function* inputBatches(texts: string[], model: string, limits: BatchLimits): AsyncGenerator<InputBatch> {
  let batch: InputBatch = { offset: 0, texts: [], tokens: 0 };
  let counted = 0;
  for (const [index, text] of texts.entries()) {
    const tokens = inputTokens(text, index, model, limits);
    if (
      batch.texts.length === limits.maxInputs ||
      (batch.texts.length > 0 && batch.tokens + tokens > limits.maxTokens)
    ) {
      yield batch;
      batch = { offset: index, texts: [], tokens: 0 };
    }
    batch.texts.push(text);
    batch.tokens += tokens;
    counted += tokens;
    if (counted >= TOKENS_PER_TURN) {
      counted = 0;
      await nextTurn();
    }
  }
  if (batch.texts.length > 0) yield batch;
}

function inputTokens(text: string, index: number, model: string, limits: BatchLimits): number {
  assertNotBlank(text, index);
  const tokens = countTokens(text, model);
  if (tokens <= limits.maxInputTokens) return tokens;
  throw new DomainError(
    'context_length_exceeded',
    `The text has ${tokens} tokens; at most ${limits.maxInputTokens} can be embedded at once.`,
    { param: `input[${index}]` },
  );
}
