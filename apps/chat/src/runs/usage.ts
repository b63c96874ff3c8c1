import { type Usage } from '@parley/contracts';
import { type Usage as ProviderUsage } from '@parley/llm';

/** The tokens of a run as a row holds them; all null until they are known. */
export interface StoredUsage {
  promptTokens: number | null;
  completionTokens: number | null;
  cachedTokens: number | null;
  reasoningTokens: number | null;
  usageEstimated: boolean | null;
  /** From the database as text, which holds any bigint. */
  costMicros: string | null;
}

/** Of a run in which nobody was asked. */
export const NO_USAGE: Usage = {
  promptTokens: 0,
  completionTokens: 0,
  totalTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  estimated: true,
  costMicros: null,
};

/** Null while nothing is known. */
export function usageOf(stored: StoredUsage): Usage | null {
  const { promptTokens, completionTokens, cachedTokens, reasoningTokens, usageEstimated, costMicros } = stored;
  if (promptTokens === null || completionTokens === null) return null;
  return {
    promptTokens,
    completionTokens,
    totalTokens: promptTokens + completionTokens,
    cachedTokens: cachedTokens ?? 0,
    reasoningTokens: reasoningTokens ?? 0,
    estimated: usageEstimated ?? true,
    costMicros: costMicros === null ? null : Number(costMicros),
  };
}

export function usageFromProvider(usage: ProviderUsage, costMicros: number | null): Usage {
  const { promptTokens, completionTokens, cachedTokens = 0, reasoningTokens = 0, estimated } = usage;
  const totalTokens = promptTokens + completionTokens;
  return { promptTokens, completionTokens, totalTokens, cachedTokens, reasoningTokens, estimated, costMicros };
}

/** Of several rounds; an unknown cost makes the whole unknown. */
export function addUsage(sum: Usage | null, more: Usage): Usage {
  if (!sum) return more;
  const isPriced = sum.costMicros !== null && more.costMicros !== null;
  return {
    promptTokens: sum.promptTokens + more.promptTokens,
    completionTokens: sum.completionTokens + more.completionTokens,
    totalTokens: sum.totalTokens + more.totalTokens,
    cachedTokens: sum.cachedTokens + more.cachedTokens,
    reasoningTokens: sum.reasoningTokens + more.reasoningTokens,
    estimated: sum.estimated || more.estimated,
    costMicros: isPriced ? sum.costMicros! + more.costMicros! : null,
  };
}
