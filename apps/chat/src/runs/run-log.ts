import { extentOf, type RunEvent } from '@parley/contracts';

type Told = Extract<RunEvent, { type: 'text' | 'tool_call' }>;

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

  /**
   * Whether text and calls alone, as they are stored, tell the same: the text first, then the calls in their order. Only
   * then a place means the same to who knows no more than what is stored.
   */
  get isInStoredOrder(): boolean {
    const order = this.#pieces.map(({ event }) => (event.type === 'text' ? -1 : event.index));
    return order.every((place, index) => index === 0 || place > order[index - 1]!);
  }
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
  } else if (told === 0) yield { ...event };
  else {
    const { type, index, id, argumentsDelta } = event;
    yield { type, index, argumentsDelta: argumentsDelta.slice(told - (id === undefined ? 0 : 1)) };
  }
}
