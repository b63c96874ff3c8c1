import { IsIn, IsInt, IsISO8601, Max, Min } from 'class-validator';
import { defineRpc } from '../message-definition.js';

export class GetStreamingStatisticsRequest {
  /** Of the time before now that counts. */
  @IsInt()
  @Min(60)
  @Max(86_400)
  windowSeconds!: number;
}

/** How answers fare, of all tenants and all replicas, without a trace of whose they are. */
export interface StreamingStatistics {
  windowSeconds: number;
  /** Being written now. */
  active: number;
  /** Of those that ended in the window. */
  completed: number;
  cancelled: number;
  failed: number;
  interrupted: number;
  /** Milliseconds from the arrival of a request; null without an answer. */
  firstTokenMs: { average: number | null; p50: number | null; p95: number | null };
  totalMs: { average: number | null; p50: number | null; p95: number | null };
  /** Of answers, behind the first token; null without an answer. */
  tokensPerSecond: number | null;
  /** The most frequent codes of failures. */
  errors: { code: string; count: number }[];
}

export const GetStreamingStatistics = defineRpc<StreamingStatistics>()({
  name: 'chat.get-streaming-statistics.v1',
  request: GetStreamingStatisticsRequest,
  timeoutMs: 5_000,
});

export const USAGE_GROUPS = ['day', 'model', 'user', 'assistant', 'purpose'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

export class GetUsageStatisticsRequest {
  /** Inclusive, ISO 8601. */
  @IsISO8601()
  from!: string;

  /** Exclusive, ISO 8601. */
  @IsISO8601()
  to!: string;

  @IsIn(USAGE_GROUPS)
  groupBy!: UsageGroup;
}

/** Of one day, model, user, assistant or purpose. */
export interface UsageRow {
  /** `2026-11-26`, `openai/gpt-4o`, an id, or `answer`, `title`, `summary`, `speech`; null: without an assistant. */
  key: string | null;
  requests: number;
  failures: number;
  promptTokens: number;
  completionTokens: number;
  /** Read aloud. */
  characters: number;
  /** In millionths of the currency of the prices. */
  costMicros: number;
  /** Requests of unknown price. */
  unpriced: number;
  averageFirstTokenMs: number | null;
}

/** What the caller's tenant has used: answers, and what models are asked for beside them. */
export const GetUsageStatistics = defineRpc<UsageRow[]>()({
  name: 'chat.get-usage-statistics.v1',
  request: GetUsageStatisticsRequest,
  timeoutMs: 15_000,
});
