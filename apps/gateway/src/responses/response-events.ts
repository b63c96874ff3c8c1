import {
  type FileCitation,
  type FinishReason,
  type Metadata,
  type RunEvent,
  type RunStatus,
  type SerializedError,
  type ToolCall,
  type Usage,
} from '@parley/contracts';
import {
  callItem,
  type ItemObject,
  type ItemStatus,
  outputMessage,
  outputText,
  searchItem,
} from '../conversation-items/item.view.js';
import { endedEarly } from '../runs/answer.js';
import { fileCitationObject } from '../runs/annotation.view.js';
import { type Run } from '../runs/run.client.js';
import { type ResponseRequest } from './response-request.js';
import { itemIds, responseObject, responseStatus } from './response.view.js';

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

interface Ending {
  status: RunStatus;
  finishReason: FinishReason | null;
  usage: Usage | null;
  annotations: FileCitation[];
  error: SerializedError | null;
}

const UNDER_WAY: Ending = { status: 'in_progress', finishReason: null, usage: null, annotations: [], error: null };

export interface ToldResponse {
  request: ResponseRequest;
  metadata: Metadata;
  /** The number of the last event that the client has heard; -1: none. */
  after: number;
}

/**
 * A run's events, heard from the beginning, as OpenAI's stream of a response.
 * @throws DomainError `stream_interrupted` when it ends without a result
 */
export async function* responseEvents(run: Run, told: ToldResponse): AsyncGenerator<ResponseEvent> {
  const telling = new ResponseTelling(run, told);
  yield* telling.begin();
  for await (const { data } of run.events) {
    if (data.type === 'text') yield* telling.text(data.text);
    if (data.type === 'tool_call') yield* telling.call(data);
    const ending = endingOf(data);
    if (!ending) continue;
    yield* telling.end(ending);
    return;
  }
  throw endedEarly();
}

function endingOf(event: RunEvent): Ending | null {
  if (event.type === 'failed') return { ...UNDER_WAY, status: 'failed', error: event.error };
  if (event.type !== 'completed' && event.type !== 'cancelled') return null;
  const { usage, annotations } = event;
  if (event.type === 'cancelled') return { ...UNDER_WAY, status: 'cancelled', usage, annotations };
  const { finishReason } = event;
  const isCut = finishReason === 'length' || finishReason === 'content_filter';
  return { status: isCut ? 'incomplete' : 'completed', finishReason, usage, annotations, error: null };
}

/** Tells events in their order, and leaves out what the client has heard. */
class ResponseTelling {
  readonly #ids: ReturnType<typeof itemIds>;
  #place = 0;
  #eventsHere = 0;
  #text = '';
  /** Of the message among the items; null before its first text. */
  #textIndex: number | null = null;
  readonly #calls: ToolCall[] = [];
  #openCall: { index: number; outputIndex: number } | null = null;
  /** What has begun, in the order of its indexes. */
  readonly #items: ('search' | 'message' | number)[] = [];
  #isSearching = false;

  constructor(
    private readonly run: Run,
    private readonly told: ToldResponse,
  ) {
    this.#ids = itemIds(run);
  }

  *begin(): Generator<ResponseEvent> {
    yield* this.#tell('response.created', { response: this.#response(UNDER_WAY, []) });
    yield* this.#tell('response.in_progress', { response: this.#response(UNDER_WAY, []) });
    if (this.told.request.search_queries) yield* this.#beginSearch(this.told.request.search_queries);
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

  *end(ending: Ending): Generator<ResponseEvent> {
    const status: ItemStatus = ending.status === 'completed' ? 'completed' : 'incomplete';
    yield* this.#endSearch(ending.status === 'failed' ? 'failed' : 'completed');
    if (this.#textIndex === null && this.#calls.length === 0 && ending.status !== 'failed') yield* this.#beginMessage();
    if (this.#textIndex !== null) yield* this.#endMessage(this.#textIndex, ending.annotations, status);
    yield* this.#endCall(status);
    const kind = responseStatus(ending.status);
    // OpenAI's clients know no event for a response that was cancelled.
    const type = `response.${kind === 'cancelled' ? 'incomplete' : kind}`;
    yield* this.#tell(type, { response: this.#response(ending, this.#output(ending, status)) });
  }

  *#beginSearch(queries: string[]): Generator<ResponseEvent> {
    this.#isSearching = true;
    const output_index = this.#items.push('search') - 1;
    const at = { item_id: this.#ids.search, output_index };
    const item = searchItem(this.#ids.search, queries, 'in_progress');
    yield* this.#tell('response.output_item.added', { output_index, item });
    yield* this.#tell('response.file_search_call.in_progress', at);
    yield* this.#tell('response.file_search_call.searching', at);
  }

  /** The search has ended when something is said. */
  *#endSearch(status: 'completed' | 'failed'): Generator<ResponseEvent> {
    const queries = this.told.request.search_queries;
    if (!this.#isSearching || !queries) return;
    this.#isSearching = false;
    const at = { item_id: this.#ids.search, output_index: 0 };
    if (status === 'completed') yield* this.#tell('response.file_search_call.completed', at);
    const item = searchItem(this.#ids.search, queries, status);
    yield* this.#tell('response.output_item.done', { output_index: 0, item });
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

  /** In the order in which they were told. */
  #output({ annotations, status: runStatus }: Ending, status: ItemStatus): ItemObject[] {
    const { search, message, call } = this.#ids;
    return this.#items.map((item) => {
      if (item === 'message') return outputMessage(message, this.#text, annotations, status);
      if (item !== 'search') return callItem(call(item), this.#calls[item]!, status);
      return searchItem(
        search,
        this.told.request.search_queries ?? [],
        runStatus === 'failed' ? 'failed' : 'completed',
      );
    });
  }

  #response({ status, finishReason, usage, error }: Ending, output: ItemObject[]): object {
    const { request, metadata } = this.told;
    const finishedAt = status === 'completed' ? new Date().toISOString() : null;
    return responseObject({ run: this.run, request, metadata, status, output, usage, finishReason, error, finishedAt });
  }
}
