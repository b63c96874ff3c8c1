import { randomBytes } from 'node:crypto';
import { BUILTIN_PROVIDER } from '@parley/config';
import { type SearchHit } from '@parley/contracts';
import { type ChatMessage, type ChatRequest, countMessageTokens, countTokens, truncateToTokens } from '@parley/llm';
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

/**
 * What the provider is asked.
 * @param found passages, best first; null when nothing was searched
 * @throws DomainError `context_length_exceeded`
 */
export function prepareRequest(
  {
    origin,
    servedModel: model,
    contextWindowTokens,
    instructions,
    summary,
    talk,
    maxTurns,
    options,
    brokenAnswer,
  }: RunPlan,
  found: SearchHit[] | null,
  limits: RequestLimits,
): PreparedRequest {
  const toolTokens = toolTokensOf(options.tools, origin.model);
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

/** Longest result of a tool, in tokens: what a few passages have. */
const MAX_RESULT_TOKENS = 8_000;
const NO_ROOM = 'The result does not fit any more: answer with what you have.';

/**
 * What the model can be told of a tool's result.
 * @param messages all that it is told before
 * @param share of the room that is left: the rest is for others
 */
export function fitResult(
  { origin, contextWindowTokens, options }: RunPlan,
  { maxOutputTokens }: RequestLimits,
  { result, messages, share }: { result: string; messages: ChatMessage[]; share: number },
): string {
  const reserved = (options.maxOutputTokens ?? maxOutputTokens) + toolTokensOf(options.tools, origin.model);
  const left = contextWindowTokens - reserved - countMessageTokens(messages, origin.model);
  const room = Math.min(MAX_RESULT_TOKENS, Math.floor(left * share));
  const overhead = countTokens(NO_ROOM, origin.model);
  return room <= overhead ? NO_ROOM : truncateToTokens(result, room, origin.model);
}

function toolTokensOf(tools: RunPlan['options']['tools'], model: string): number {
  return tools?.length ? countTokens(JSON.stringify(tools), model) : 0;
}
