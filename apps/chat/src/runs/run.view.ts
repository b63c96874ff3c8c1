import { type AnswerStep, type RunEvent, type RunView, type ToolCall } from '@parley/contracts';
import { type ToolCall as StoredToolCall } from '@parley/llm';
import { type MessageEntity } from '../conversations/message.entity.js';
import { RunLog } from './run-log.js';
import { type RunEntity } from './run.entity.js';
import { type StoredRun } from './runs.repository.js';
import { NO_USAGE, usageOf } from './usage.js';

export function isUnderWay({ status }: Pick<RunView, 'status'>): boolean {
  return status === 'queued' || status === 'in_progress';
}

export function runView({ run, message }: StoredRun): RunView {
  const { id, status, conversationId, messageId, parentId, assistantId, provider, model, finishReason, metadata } = run;
  const { queueMs, retrievalMs, firstTokenMs, totalMs } = run;
  return {
    ...{ id, status, conversationId, messageId, parentId, assistantId, provider, model, finishReason, metadata },
    requestedModel: run.requestedModel ?? model,
    error: run.errorCode ? { code: run.errorCode, message: run.errorMessage ?? '' } : null,
    usage: usageOf(run),
    timings: { queueMs, retrievalMs, firstTokenMs, totalMs },
    output: message && {
      text: message.content,
      toolCalls: toolCallViews(message.toolCalls),
      annotations: message.annotations,
      ...stepsOf(message),
    },
    createdAt: run.createdAt.toISOString(),
    finishedAt: run.finishedAt?.toISOString() ?? null,
  };
}

function stepsOf({ outline }: MessageEntity): { steps?: AnswerStep[] } {
  const steps: AnswerStep[] = [];
  let textBefore = 0;
  for (const piece of outline ?? []) {
    if ('tool' in piece) steps.push({ event: piece.tool, textBefore });
    else if ('text' in piece) textBefore += piece.text;
  }
  return steps.length > 0 ? { steps } : {};
}

export function toolCallViews(calls: readonly StoredToolCall[] | null): ToolCall[] {
  return (calls ?? []).map(({ id, name, arguments: args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args },
  }));
}

/**
 * What is left to tell of a run that has ended, from what is stored of it: nothing behind its end, and null when what is
 * stored does not tell what its listeners were told, because nothing was to be stored or it is deleted.
 */
export function storedEvents({ run, message }: StoredRun, after: number): { events: RunEvent[]; from?: number } | null {
  const log = message ? RunLog.of({ ...message, text: message.content }) : new RunLog();
  // Of a run whose process died nobody knows more than what is stored, whether it was then interrupted or cancelled.
  const isAllThatIsKnown = run.status === 'interrupted' || run.outputExtent === null;
  const isWhole = run.outputExtent === log.extent || isAllThatIsKnown;
  if (!isWhole) return null;
  const end = endOf(run, message?.annotations ?? []);
  if (after <= log.extent) return { events: [...log.from(after), end] };
  const hasHeardMore = isAllThatIsKnown && after > log.extent + 1;
  return hasHeardMore ? { events: [end], from: log.extent } : { events: [] };
}

function endOf(run: RunEntity, annotations: Extract<RunEvent, { type: 'completed' }>['annotations']): RunEvent {
  const { provider, model } = run;
  const end = { usage: usageOf(run) ?? NO_USAGE, annotations, origin: { provider, model } };
  if (run.status === 'cancelled') return { type: 'cancelled', ...end };
  if (run.status === 'completed' || run.status === 'incomplete') {
    return { type: 'completed', finishReason: run.finishReason ?? 'stop', ...end };
  }
  const { errorCode, errorMessage } = run;
  return { type: 'failed', error: { code: errorCode ?? 'internal_error', message: errorMessage ?? '' } };
}
