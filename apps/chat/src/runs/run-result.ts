import {
  type FileCitation,
  type FinishReason,
  type ModelOrigin,
  type RunStatus,
  type SerializedError,
  type Usage,
} from '@parley/contracts';
import { type ToolCall } from '@parley/llm';
import { extendHistoryHash, type HistoryHash } from '../conversations/history-hash.js';
import { type Answer } from './answer.js';
import { type OutlinePiece } from './run-log.js';
import { type RunPlan } from './run-plan.js';
import { type RunStopped } from './run-stopped.js';

export interface RunTimings {
  retrievalMs: number | null;
  firstTokenMs: number | null;
  totalMs: number;
}

/** How the writing of an answer came to its end. */
export type Ending =
  { type: 'written' } | { type: 'stopped'; by: RunStopped } | { type: 'failed'; error: SerializedError };

/** How a run ended, as it is stored. */
export interface RunResult {
  status: Exclude<RunStatus, 'queued' | 'in_progress'>;
  finishReason: FinishReason | null;
  error: SerializedError | null;
  /** Null when the provider did not begin to answer. */
  usage: Usage | null;
  /** Who answered; null when nobody did. */
  origin: ModelOrigin | null;
  timings: RunTimings;
  /** Null when there is nothing to keep, or nothing is to be kept. */
  message: {
    text: string;
    annotations: FileCitation[];
    toolCalls: ToolCall[] | null;
    outline: OutlinePiece[] | null;
  } | null;
  /** How far it was told. */
  extent: number;
  /** Of the history with this answer; null when it is not known. */
  historyHash: HistoryHash | null;
}

/** A run that failed or was stopped keeps what it has told. */
export function resultOf(
  { storage }: RunPlan,
  answer: Answer,
  ending: Ending,
  timings: RunTimings,
  { extent, outline }: { extent: number; outline: OutlinePiece[] | null },
): RunResult {
  const { text, annotations, toolCalls, finishReason, usage, origin } = answer;
  const isKept = storage !== null && (ending.type === 'written' || extent > 0);
  const said = { role: 'assistant' as const, content: text, ...(toolCalls && { toolCalls }) };
  return {
    status: statusOf(answer, ending),
    finishReason,
    error: errorOf(ending),
    usage,
    origin,
    timings,
    extent,
    message: isKept ? { text, annotations, toolCalls, outline } : null,
    historyHash: isKept && storage.historyHash ? extendHistoryHash(storage.historyHash, [said]) : null,
  };
}

function errorOf(ending: Ending): SerializedError | null {
  if (ending.type === 'failed') return ending.error;
  return ending.type === 'stopped' ? { code: 'run_cancelled', message: ending.by.message } : null;
}

function statusOf({ finishReason }: Answer, ending: Ending): RunResult['status'] {
  if (ending.type === 'stopped') return 'cancelled';
  if (ending.type === 'failed') return ending.error.code === 'stream_interrupted' ? 'interrupted' : 'failed';
  return finishReason === 'length' || finishReason === 'content_filter' ? 'incomplete' : 'completed';
}
