import {
  type FileCitation,
  type FinishReason,
  type Metadata,
  type RunEvent,
  type RunStatus,
  type SerializedError,
  type ServerToolEvent,
  type ToolCall,
  type Usage,
} from '@parley/contracts';
import {
  callItem,
  type ItemObject,
  type ItemStatus,
  outputMessage,
  outputText,
} from '../conversation-items/item.view.js';
import { fileCitationObject } from '../runs/annotation.view.js';
import { type Run } from '../runs/run.client.js';
import { type ResponseRequest } from './response-request.js';
import { itemIds, responseObject, responseStatus } from './response.view.js';
import {
  begunEvents,
  endedEvent,
  searchBeforehand,
  stepItem,
  stepItemId,
  type ToolStep,
  ToolSteps,
} from './tool-steps.js';

/**
 * Room between two places of an answer for the events that stand there: its number is the place times this, and one more
 * for each event further. So the same event has the same number wherever and whenever it is told, as long as no more
 * stand at one place; behind the end there is room for any number.
 */
const EVENTS_PER_PLACE = 16;

export interface ResponseEvent {
  type: string;
  sequence_number: number;
  [field: string]: unknown;
}

export interface Ending {
  status: RunStatus;
  finishReason: FinishReason | null;
  usage: Usage | null;
  annotations: FileCitation[];
  error: SerializedError | null;
}

export const UNDER_WAY: Ending = {
  status: 'in_progress',
  finishReason: null,
  usage: null,
  annotations: [],
  error: null,
};

export interface ToldResponse {
  request: ResponseRequest;
  metadata: Metadata;
  /** The number of the last event that the client has heard; -1: none. */
  after: number;
  /** Whether what searches found is shown, where it is told. */
  showsResults: boolean;
}

/** Tells events in their order, and leaves out what the client has heard. */
export class ResponseTelling {
  readonly #ids: ReturnType<typeof itemIds>;
  #place = 0;
  #eventsHere = 0;
  #text = '';
  /** Of the message among the items; null before its first text. */
  #textIndex: number | null = null;
  readonly #calls: ToolCall[] = [];
  #openCall: { index: number; outputIndex: number } | null = null;
  readonly #steps = new ToolSteps();
  /** The search before the model is asked, until something is said. */
  #search: ToolStep | null = null;
  /** What has begun, in the order of its indexes. */
  readonly #items: (ToolStep | 'message' | number)[] = [];

  constructor(
    private readonly run: Run,
    private readonly told: ToldResponse,
  ) {
    this.#ids = itemIds(run);
  }

  *begin(): Generator<ResponseEvent> {
    yield* this.#tell('response.created', { response: this.#response(UNDER_WAY, []) });
    yield* this.#tell('response.in_progress', { response: this.#response(UNDER_WAY, []) });
    const { search_queries: queries } = this.told.request;
    if (!queries) return;
    this.#search = this.#steps.begin(searchBeforehand(queries));
    yield* this.#beginStep(this.#search);
  }

  *text(delta: string): Generator<ResponseEvent> {
    yield* this.#endSearch('completed');
    if (this.#textIndex === null) yield* this.#beginMessage();
    this.#text += delta;
    yield* this.#delta('response.output_text.delta', delta, 0, { ...this.#part(), logprobs: [] });
  }

  *call(event: Extract<RunEvent, { type: 'tool_call' }>): Generator<ResponseEvent> {
    const { index, id, name = '', argumentsDelta } = event;
    if (id !== undefined) {
      yield* this.#endSearch('completed');
      yield* this.#endCall('completed');
      this.#calls[index] = { id, type: 'function', function: { name, arguments: '' } };
      this.#openCall = { index, outputIndex: this.#items.push(index) - 1 };
      const item = callItem(this.#ids.call(index), this.#calls[index], 'in_progress');
      yield* this.#tell('response.output_item.added', { output_index: this.#openCall.outputIndex, item });
    }
    const call = this.#calls[index];
    if (!call || !this.#openCall) return;
    call.function.arguments += argumentsDelta;
    const fields = { item_id: this.#ids.call(index), output_index: this.#openCall.outputIndex };
    yield* this.#delta('response.function_call_arguments.delta', argumentsDelta, id === undefined ? 0 : 1, fields);
  }

  /** A step of a server tool is a place of its own. */
  *step(event: ServerToolEvent): Generator<ResponseEvent> {
    yield* this.#endSearch('completed');
    this.#place += 1;
    this.#eventsHere = 0;
    if (event.state === 'started') return yield* this.#beginStep(this.#steps.begin(event));
    const step = this.#steps.end(event);
    if (step) yield* this.#endStep(step);
  }

  *end(ending: Ending): Generator<ResponseEvent> {
    const status: ItemStatus = ending.status === 'completed' ? 'completed' : 'incomplete';
    yield* this.#endSearch(ending.status === 'failed' ? 'failed' : 'completed');
    for (const step of this.#steps.open) yield* this.#endStep(Object.assign(step, { status: 'incomplete' as const }));
    if (this.#textIndex === null && this.#calls.length === 0 && ending.status !== 'failed') yield* this.#beginMessage();
    if (this.#textIndex !== null) yield* this.#endMessage(this.#textIndex, ending.annotations, status);
    yield* this.#endCall(status);
    const kind = responseStatus(ending.status);
    // OpenAI's clients know no event for a response that was cancelled.
    const type = `response.${kind === 'cancelled' ? 'incomplete' : kind}`;
    yield* this.#tell(type, { response: this.#response(ending, this.#output(ending, status)) });
  }

  *#beginStep(step: ToolStep): Generator<ResponseEvent> {
    const output_index = this.#items.push(step) - 1;
    const at = { item_id: stepItemId(this.#ids.answer, step), output_index };
    yield* this.#tell('response.output_item.added', { output_index, item: this.#stepItem(step) });
    for (const { type, ...fields } of begunEvents(step)) yield* this.#tell(type, { ...at, ...fields });
  }

  *#endStep(step: ToolStep): Generator<ResponseEvent> {
    const output_index = this.#items.indexOf(step);
    const type = endedEvent(step);
    if (type) yield* this.#tell(type, { item_id: stepItemId(this.#ids.answer, step), output_index });
    yield* this.#tell('response.output_item.done', { output_index, item: this.#stepItem(step) });
  }

  /** The search has ended when something is said. */
  *#endSearch(status: 'completed' | 'failed'): Generator<ResponseEvent> {
    const search = this.#search;
    if (!search) return;
    this.#search = null;
    yield* this.#endStep(Object.assign(search, { status }));
  }

  *#beginMessage(): Generator<ResponseEvent> {
    this.#textIndex = this.#items.push('message') - 1;
    const item = { ...outputMessage(this.#ids.message, '', [], 'in_progress'), content: [] };
    yield* this.#tell('response.output_item.added', { output_index: this.#textIndex, item });
    yield* this.#tell('response.content_part.added', { ...this.#part(), part: outputText('', []) });
  }

  *#endMessage(output_index: number, annotations: FileCitation[], status: ItemStatus): Generator<ResponseEvent> {
    for (const [annotation_index, citation] of annotations.entries()) {
      const annotation = fileCitationObject(citation);
      yield* this.#tell('response.output_text.annotation.added', { ...this.#part(), annotation_index, annotation });
    }
    yield* this.#tell('response.output_text.done', { ...this.#part(), text: this.#text, logprobs: [] });
    yield* this.#tell('response.content_part.done', { ...this.#part(), part: outputText(this.#text, annotations) });
    const item = outputMessage(this.#ids.message, this.#text, annotations, status);
    yield* this.#tell('response.output_item.done', { output_index, item });
  }

  *#endCall(status: ItemStatus): Generator<ResponseEvent> {
    if (!this.#openCall) return;
    const { index, outputIndex: output_index } = this.#openCall;
    this.#openCall = null;
    const call = this.#calls[index]!;
    const { name, arguments: args } = call.function;
    const id = this.#ids.call(index);
    const fields = { item_id: id, output_index, name, arguments: args };
    yield* this.#tell('response.function_call_arguments.done', fields);
    yield* this.#tell('response.output_item.done', { output_index, item: callItem(id, call, status) });
  }

  *#tell(type: string, fields: object): Generator<ResponseEvent> {
    const sequence_number = this.#place * EVENTS_PER_PLACE + this.#eventsHere++;
    if (sequence_number > this.told.after) yield { type, sequence_number, ...fields };
  }

  /** A piece of text, or what of it the client has not heard. @param extra places before its first character */
  *#delta(type: string, text: string, extra: number, fields: object): Generator<ResponseEvent> {
    const start = this.#place + extra;
    this.#place = start + text.length;
    this.#eventsHere = 0;
    const heard = Math.max(0, Math.floor(this.told.after / EVENTS_PER_PLACE) - start);
    if (text === '') return;
    if (heard < text.length) yield* this.#tell(type, { ...fields, delta: text.slice(heard) });
    else this.#eventsHere = 1;
  }

  #part(): { item_id: string; output_index: number; content_index: 0 } {
    return { item_id: this.#ids.message, output_index: this.#textIndex!, content_index: 0 };
  }

  #stepItem(step: ToolStep): ItemObject {
    return stepItem(this.#ids.answer, step, this.told.showsResults);
  }

  /** In the order in which they were told. */
  #output({ annotations }: Ending, status: ItemStatus): ItemObject[] {
    const { message, call } = this.#ids;
    return this.#items.map((item) => {
      if (item === 'message') return outputMessage(message, this.#text, annotations, status);
      return typeof item === 'number' ? callItem(call(item), this.#calls[item]!, status) : this.#stepItem(item);
    });
  }

  #response({ status, finishReason, usage, error }: Ending, output: ItemObject[]): object {
    const { request, metadata } = this.told;
    const finishedAt = status === 'completed' ? new Date().toISOString() : null;
    return responseObject({ run: this.run, request, metadata, status, output, usage, finishReason, error, finishedAt });
  }
}
