import { type AnswerStep, deserializeError, DomainError, type RunEvent, type ToolCall } from '@parley/contracts';
import { type RunEventItem } from './run-listener.js';

const MAX_CHARACTERS = 8 * 2 ** 20;

export type RunCompleted = Extract<RunEvent, { type: 'completed' }>;
export type RunCancelled = Extract<RunEvent, { type: 'cancelled' }>;

export interface Answer extends Omit<RunCompleted, 'type'> {
  text: string;
  toolCalls: ToolCall[];
  /** In their order; absent when there are none. */
  steps?: AnswerStep[];
}

/**
 * Reads a run to its end.
 * @throws DomainError with the run's failure, or `stream_interrupted` when it ends without a result
 */
export async function collectAnswer(events: AsyncIterable<RunEventItem>): Promise<Answer> {
  const toolCalls: ToolCall[] = [];
  const steps: AnswerStep[] = [];
  let text = '';
  let characters = 0;
  for await (const { data } of events) {
    if (data.type === 'failed') throw deserializeError(data.error);
    if (data.type === 'completed') {
      const { finishReason } = data;
      return { text, toolCalls: toolCalls.filter(Boolean), steps, finishReason, ...ending(data) };
    }
    if (data.type === 'cancelled')
      return { text, toolCalls: toolCalls.filter(Boolean), steps, finishReason: 'stop', ...ending(data) };
    if (data.type === 'server_tool') steps.push({ event: data, textBefore: text.length });
    if (data.type === 'text') text += data.text;
    if (data.type === 'tool_call') addFragment(toolCalls, data);
    characters += sizeOf(data);
    if (characters > MAX_CHARACTERS) throw new DomainError('provider_error', 'The answer is too long.');
  }
  throw endedEarly();
}

export function endedEarly(): DomainError {
  return new DomainError('stream_interrupted', 'The answer ended before it was complete.');
}

function ending({ usage, annotations, origin }: RunCompleted | RunCancelled): Omit<RunCancelled, 'type'> {
  return { usage, annotations, ...(origin && { origin }) };
}

function sizeOf(event: RunEvent): number {
  if (event.type === 'text') return event.text.length;
  if (event.type === 'tool_call') return event.argumentsDelta.length + 64;
  return event.type === 'server_tool' ? JSON.stringify(event).length : 0;
}

function addFragment(toolCalls: ToolCall[], event: Extract<RunEvent, { type: 'tool_call' }>): void {
  const call = (toolCalls[event.index] ??= { id: '', type: 'function', function: { name: '', arguments: '' } });
  call.id ||= event.id ?? '';
  call.function.name ||= event.name ?? '';
  call.function.arguments += event.argumentsDelta;
}
