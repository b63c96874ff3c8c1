import * as openaiModels from 'gpt-tokenizer/models';
import { modelToEncodingMap } from 'gpt-tokenizer/mapping';

export type EncodingName = 'o200k_base' | 'cl100k_base';

interface ModelFacts {
  context_window?: number;
  max_input_tokens?: number;
  reasoning_tokens?: boolean;
}

/** Small on purpose: how much of an open model's window is usable is decided by the server that loads it. */
export const DEFAULT_CONTEXT_WINDOW = 8_192;
const GEMINI_CONTEXT_WINDOW = 1_048_576;

const facts = openaiModels as unknown as Record<string, ModelFacts | undefined>;
const encodings: Record<string, string | undefined> = modelToEncodingMap;

/** `ft:gpt-4o-mini:acme::x`, `openai/gpt-4o-mini` and `gpt-4o-mini-2099-01-31` are all `gpt-4o-mini`. */
function candidates(model: string): string[] {
  const base =
    model
      .toLowerCase()
      .replace(/^ft:/, '')
      .split(':')[0]
      ?.replace(/^(openai|models)\//, '') ?? '';
  return [base, base.replace(/-\d{4}-\d{2}-\d{2}$/, '')];
}

function factsOf(model: string): ModelFacts | undefined {
  return candidates(model)
    .map((name) => facts[name])
    .find((known) => known !== undefined);
}

/**
 * Tokens that prompt and answer may have together; where the provider limits the prompt alone, that limit.
 * @param override wins, because only the operator knows how a self-hosted model was loaded
 */
export function contextWindowOf(model: string, override?: number): number {
  if (override !== undefined) return override;
  const known = factsOf(model);
  if (known) return known.max_input_tokens ?? known.context_window ?? DEFAULT_CONTEXT_WINDOW;
  return candidates(model)[0]?.startsWith('gemini-') ? GEMINI_CONTEXT_WINDOW : DEFAULT_CONTEXT_WINDOW;
}

/** The tokenizer of a model; unknown models get the newest, which estimates theirs well enough. */
export function encodingOf(model?: string): EncodingName {
  const known = candidates(model ?? '').map((name) => encodings[name]);
  return known.includes('cl100k_base') ? 'cl100k_base' : 'o200k_base';
}

/** Reasoning models refuse sampling settings. */
export function isReasoningModel(model: string): boolean {
  return factsOf(model)?.reasoning_tokens ?? false;
}
