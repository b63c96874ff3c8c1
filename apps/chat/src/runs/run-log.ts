import { extentOf, type RunEvent, type ServerToolEvent } from '@parley/contracts';
import { type ToolCall } from '@parley/llm';

type Told = Extract<RunEvent, { type: 'text' | 'tool_call' | 'server_tool' }>;

/** In which order an answer was told: so many characters of the text, or of a call, or what a server tool did. */
export type OutlinePiece = { text: number } | { call: number; characters: number } | { tool: ServerToolEvent };

/** What is kept of an answer. */
export interface StoredAnswer {
  text: string;
  toolCalls: readonly ToolCall[] | null;
  /** Null: the text first, then the calls in their order. */
  outline: readonly OutlinePiece[] | null;
}

/** Told at once to a listener that comes later: a message stays small. */
const MAX_PIECE_CHARACTERS = 16_384;

/**
 * What a run has told, to be told again from any place on: the events of a listener that comes later are other pieces of
 * the same answer. Its size is the answer's, which is bounded.
 */
export class RunLog {
  readonly #pieces: { start: number; event: Told }[] = [];
  /** The place behind all that was told. */
  extent = 0;

  /** The log of an answer that is stored, with the places that it had when it was told. */
  static of({ text, toolCalls, outline }: StoredAnswer): RunLog {
    const log = new RunLog();
    const left = { text, calls: (toolCalls ?? []).map((call) => ({ ...call, isTold: false })) };
    const tellCall = (index: number, characters: number) => {
      const call = left.calls[index];
      if (!call) return;
      const argumentsDelta = call.arguments.slice(0, characters);
      const beginning = call.isTold ? {} : { id: call.id, name: call.name };
      log.add({ type: 'tool_call', index, ...beginning, argumentsDelta });
      left.calls[index] = { ...call, arguments: call.arguments.slice(characters), isTold: true };
    };
    for (const piece of outline ?? []) {
      if ('tool' in piece) log.add(piece.tool);
      else if ('call' in piece) tellCall(piece.call, piece.characters);
      else {
        log.add({ type: 'text', text: left.text.slice(0, piece.text) });
        left.text = left.text.slice(piece.text);
      }
    }
    log.add({ type: 'text', text: left.text });
    for (const [index, call] of left.calls.entries()) {
      if (!call.isTold || call.arguments !== '') tellCall(index, Infinity);
    }
    return log;
  }

  add(event: Told): void {
    if (extentOf(event) === 0) return;
    const last = this.#pieces.at(-1);
    if (!last || !append(last.event, event)) this.#pieces.push({ start: this.extent, event: { ...event } });
    this.extent += extentOf(event);
  }

  /** What comes behind a place. */
  *from(after: number): Generator<Told> {
    for (const { start, event } of this.#pieces) {
      const told = Math.max(0, after - start);
      if (told < extentOf(event)) yield* restOf(event, told);
    }
  }

  /** What has to be kept beside text and calls, so that every place means the same to who knows only what is stored. */
  get outline(): OutlinePiece[] | null {
    const order = this.#pieces.map(({ event }) => {
      if (event.type === 'server_tool') return null;
      return event.type === 'text' ? -1 : event.index;
    });
    const isUsual = order.every((place, at) => place !== null && (at === 0 || place > (order[at - 1] ?? -1)));
    return isUsual ? null : this.#pieces.map(({ event }) => pieceOf(event));
  }
}

function pieceOf(event: Told): OutlinePiece {
  if (event.type === 'server_tool') return { tool: event };
  return event.type === 'text'
    ? { text: event.text.length }
    : { call: event.index, characters: event.argumentsDelta.length };
}

/** Makes one piece of two, where they are parts of the same text or call. */
function append(last: Told, next: Told): boolean {
  if (last.type === 'text' && next.type === 'text') last.text += next.text;
  else if (last.type === 'tool_call' && next.type === 'tool_call' && last.index === next.index && next.id === undefined)
    last.argumentsDelta += next.argumentsDelta;
  else return false;
  return true;
}

function* restOf(event: Told, told: number): Generator<Told> {
  if (event.type === 'text') {
    for (let at = told; at < event.text.length; at += MAX_PIECE_CHARACTERS) {
      yield { type: 'text', text: event.text.slice(at, at + MAX_PIECE_CHARACTERS) };
    }
  } else if (told === 0 || event.type === 'server_tool') yield { ...event };
  else {
    const { type, index, id, argumentsDelta } = event;
    yield { type, index, argumentsDelta: argumentsDelta.slice(told - (id === undefined ? 0 : 1)) };
  }
}
