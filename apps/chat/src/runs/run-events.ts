import { type RunEvent, type SerializedError, type ServerToolEvent } from '@parley/contracts';
import { type Audience } from './audience.js';
import { type Clock } from './clock.js';
import { Coalescer } from './coalescer.js';
import { type OutlinePiece, RunLog } from './run-log.js';

type ToolCallEvent = Extract<RunEvent, { type: 'tool_call' }>;
type EndOf<T extends RunEvent['type']> = Omit<Extract<RunEvent, { type: T }>, 'type'>;

/** Where a listener hears a run, and from which place of the answer on: see `extentOf`. */
export interface Listener {
  streamId: string;
  address: string;
  after: number;
}

/**
 * What the listeners of a run are told, in order: text in coalesced pieces, calls of tools, and exactly one end. Whoever
 * comes later, even after the end, is told the rest of the answer from the place that it asks for. A listener that is gone
 * changes nothing.
 */
export class RunEvents {
  readonly #text: Coalescer;
  readonly #log = new RunLog();
  #end: RunEvent | null = null;

  constructor(
    private readonly audience: Audience,
    clock: Clock,
  ) {
    this.#text = new Coalescer((text) => this.#tell({ type: 'text', text }), clock);
  }

  /** How far the answer has been told. */
  get extent(): number {
    return this.#log.extent;
  }

  /** See `RunLog.outline`. */
  get outline(): OutlinePiece[] | null {
    return this.#log.outline;
  }

  attach({ streamId, address, after }: Listener): void {
    this.#text.flush();
    const told: RunEvent[] = [{ type: 'attached' }, ...this.#log.from(after)];
    if (this.#end) this.audience.tellAll(address, streamId, [...told, this.#end]);
    else this.audience.add(address, streamId, told);
  }

  leave(streamId: string): void {
    this.audience.leave(streamId);
  }

  text(text: string): void {
    this.#text.push(text);
  }

  /** Text that waits goes out now. */
  flush(): void {
    this.#text.flush();
  }

  toolCall(event: ToolCallEvent): void {
    this.#text.flush();
    this.#tell(event);
  }

  serverTool(event: ServerToolEvent): void {
    this.#text.flush();
    this.#tell(event);
  }

  completed(event: EndOf<'completed'>): void {
    this.#finish({ type: 'completed', ...event });
  }

  cancelled(event: EndOf<'cancelled'>): void {
    this.#finish({ type: 'cancelled', ...event });
  }

  failed(error: SerializedError): void {
    this.#finish({ type: 'failed', error });
  }

  /** Says nothing more, not even an end: for a run that nobody was told of. */
  abandon(): void {
    this.#text.discard();
    this.audience.abandon();
  }

  #finish(event: RunEvent): void {
    this.#text.flush();
    this.#end = event;
    this.audience.end(event);
  }

  #tell(event: ToolCallEvent | ServerToolEvent | Extract<RunEvent, { type: 'text' }>): void {
    this.#log.add(event);
    this.audience.tell(event);
  }
}
