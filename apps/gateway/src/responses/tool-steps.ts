import { type AnswerStep, type FoundPassage, formatId, type ServerToolEvent } from '@parley/contracts';
import {
  type ItemObject,
  type ItemStatus,
  mcpItem,
  type SearchResult,
  searchItem,
} from '../conversation-items/item.view.js';

/** What a server tool did for an answer: an item of its response. */
export interface ToolStep {
  /** Counts the steps of an answer. */
  index: number;
  begun: ServerToolEvent;
  status: ItemStatus;
  results: FoundPassage[] | null;
  error: string | null;
}

/** The search that is done for every answer before the model is asked, as a call for it. */
export function searchBeforehand(queries: readonly string[]): ServerToolEvent {
  const args = JSON.stringify({ query: queries.join('\n') });
  return {
    type: 'server_tool',
    callId: '',
    tool: 'file_search',
    name: 'file_search',
    state: 'started',
    arguments: args,
  };
}

/** The steps of one answer: what begins and what ends is told apart, and brought together by the id of the call. */
export class ToolSteps {
  readonly all: ToolStep[] = [];

  get open(): ToolStep[] {
    return this.all.filter(({ status }) => status === 'in_progress');
  }

  begin(begun: ServerToolEvent): ToolStep {
    const step: ToolStep = { index: this.all.length, begun, status: 'in_progress', results: null, error: null };
    this.all.push(step);
    return step;
  }

  /** Null when it was never begun: calls of different rounds may have the same id, of which one is open. */
  end({ callId, state, results, error }: ServerToolEvent): ToolStep | null {
    const step = this.open.find(({ begun }) => begun.callId === callId);
    if (!step) return null;
    return Object.assign(step, {
      status: state === 'failed' ? 'failed' : 'completed',
      results: results ?? null,
      error: error ?? null,
    });
  }
}

/** The steps of an answer that is stored, in the order of their beginnings, each with how much text stands before it. */
export function storedSteps(stored: readonly AnswerStep[], searched: readonly string[] | null) {
  const steps = new ToolSteps();
  const textBefore = new Map<ToolStep, number>();
  if (searched) {
    const step = steps.begin(searchBeforehand(searched));
    step.status = 'completed';
    textBefore.set(step, 0);
  }
  for (const { event, textBefore: characters } of stored) {
    if (event.state === 'started') textBefore.set(steps.begin(event), characters);
    else steps.end(event);
  }
  return { steps, textBefore: (step: ToolStep) => textBefore.get(step) ?? 0 };
}

export function stepItem(answerId: string, step: ToolStep, showsResults: boolean): ItemObject {
  const { begun, status, results, error } = step;
  const id = stepItemId(answerId, step);
  if (begun.tool === 'file_search') {
    return searchItem(id, queriesOf(begun), status, showsResults && results ? results.map(searchResult) : null);
  }
  return mcpItem(id, { name: begun.name, arguments: begun.arguments ?? '', error }, status);
}

export function stepItemId(answerId: string, { index, begun }: ToolStep): string {
  const prefix = begun.tool === 'file_search' ? 'fs' : 'mcp';
  const id = `${prefix}_${answerId.replaceAll('-', '')}`;
  return index === 0 ? id : `${id}_${index}`;
}

/** What is told of a step between its item's being added and its end; the names are OpenAI's. */
export function begunEvents({ begun }: ToolStep): { type: string; arguments?: string }[] {
  if (begun.tool === 'file_search') {
    return [{ type: 'response.file_search_call.in_progress' }, { type: 'response.file_search_call.searching' }];
  }
  const args = begun.arguments ?? '';
  return [{ type: 'response.mcp_call.in_progress' }, { type: 'response.mcp_call_arguments.done', arguments: args }];
}

/** What is told before its item is done; OpenAI has no event for a search that failed, nor for what was given up. */
export function endedEvent({ begun, status }: ToolStep): string | null {
  if (begun.tool === 'file_search') return status === 'completed' ? 'response.file_search_call.completed' : null;
  return status === 'completed' || status === 'failed' ? `response.mcp_call.${status}` : null;
}

/** A model may write what is no JSON; then the step fails, and nothing was searched for. */
function queriesOf({ arguments: args }: ServerToolEvent): string[] {
  try {
    const { query } = JSON.parse(args ?? '') as { query?: unknown };
    return typeof query === 'string' ? [query] : [];
  } catch {
    return [];
  }
}

function searchResult({ fileId, filename, score, text, attributes }: FoundPassage): SearchResult {
  return { file_id: formatId('file', fileId), filename, score, text, attributes };
}
