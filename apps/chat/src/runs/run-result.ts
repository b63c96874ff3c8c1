import { type FileCitation, type FinishReason, type SerializedError, type Usage } from '@parley/contracts';
import { type ToolCall } from '@parley/llm';
import { extendHistoryHash, type HistoryHash } from '../conversations/history-hash.js';
import { type Answer } from './answer.js';
import { type RunPlan } from './run-plan.js';
import { type RunStatus } from './run.entity.js';

export interface RunTimings {
  retrievalMs: number | null;
  firstTokenMs: number | null;
  totalMs: number;
}

/** How a run ended, as it is stored. */
export interface RunResult {
  status: Exclude<RunStatus, 'queued' | 'in_progress'>;
  finishReason: FinishReason | null;
  error: SerializedError | null;
  /** Null when the provider did not begin to answer. */
  usage: Usage | null;
  timings: RunTimings;
  /** Null when there is nothing to keep, or nothing is to be kept. */
  message: { text: string; annotations: FileCitation[]; toolCalls: ToolCall[] | null } | null;
  /** Of the history with this answer; null leaves the conversation's as it is. */
  historyHash: HistoryHash | null;
}

/** A run that failed keeps what it has written. */
export function resultOf(
  { storage }: RunPlan,
  answer: Answer,
  error: SerializedError | null,
  timings: RunTimings,
): RunResult {
  const { text, annotations, toolCalls, finishReason, usage } = answer;
  const isKept = storage !== null && (error === null || !answer.isEmpty);
  const said = { role: 'assistant' as const, content: text, ...(toolCalls && { toolCalls }) };
  return {
    status: statusOf(answer, error),
    finishReason,
    error,
    usage,
    timings,
    message: isKept ? { text, annotations, toolCalls } : null,
    historyHash: isKept ? extendHistoryHash(storage.historyHash, [said]) : null,
  };
}

function statusOf({ finishReason }: Answer, error: SerializedError | null): RunResult['status'] {
  if (error) return error.code === 'stream_interrupted' ? 'interrupted' : 'failed';
  return finishReason === 'length' || finishReason === 'content_filter' ? 'incomplete' : 'completed';
}
