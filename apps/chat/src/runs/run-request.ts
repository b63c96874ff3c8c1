import { randomBytes } from 'node:crypto';
import { type SearchHit } from '@parley/contracts';
import { type ChatMessage, type ChatRequest, countMessageTokens, countTokens } from '@parley/llm';
import { fitToWindow } from './context-window.js';
import { continuationMessages } from './continuation.js';
import { buildPrompt, summaryMessage } from './prompt.js';
import { type RunPlan } from './run-plan.js';

export interface RequestLimits {
  /** Room kept for the answer when the plan does not say. */
  maxOutputTokens: number;
}

export interface PreparedRequest {
  request: ChatRequest;
  /** Those of the passages found that fit, as the prompt numbers them. */
  passages: SearchHit[];
}

const BOUNDARY_BYTES = 12;
/** Says the same again, so that it needs not be asked to go on. */
const BUILTIN_PROVIDER = 'builtin';

/**
 * What the provider is asked.
 * @param found passages, best first; null when nothing was searched
 * @throws DomainError `context_length_exceeded`
 */
export function prepareRequest(
  { origin, model, contextWindowTokens, instructions, summary, talk, maxTurns, options, brokenAnswer }: RunPlan,
  found: SearchHit[] | null,
  limits: RequestLimits,
): PreparedRequest {
  const toolTokens = options.tools?.length ? countTokens(JSON.stringify(options.tools), origin.model) : 0;
  const goOn = brokenAnswer && origin.provider !== BUILTIN_PROVIDER ? continuationMessages(brokenAnswer) : [];
  const countedTokens = (messages: ChatMessage[]) => countMessageTokens(messages, origin.model);
  const fitted = fitToWindow(
    { instructions, passages: found, summary: summary === null ? null : summaryMessage(summary), talk },
    {
      contextTokens: contextWindowTokens,
      reservedTokens: (options.maxOutputTokens ?? limits.maxOutputTokens) + toolTokens + countedTokens(goOn),
      maxTurns,
      countTokens: countedTokens,
    },
  );
  const prompt = buildPrompt({ ...fitted, boundary: randomBytes(BOUNDARY_BYTES).toString('hex') });
  const messages = [...prompt, ...goOn];
  const passages = fitted.passages?.map(({ text, filename }, position) => ({ index: position + 1, text, filename }));
  return { request: { ...options, model, messages, passages }, passages: fitted.passages ?? [] };
}
