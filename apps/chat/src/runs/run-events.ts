import { type RunEvent, type SerializedError } from '@parley/contracts';
import { type StreamWriter } from '@parley/messaging';
import { type Clock } from './clock.js';
import { Coalescer } from './coalescer.js';

const HEARTBEAT_AFTER_MS = 5_000;

type CompletedEvent = Extract<RunEvent, { type: 'completed' }>;
type ToolCallEvent = Extract<RunEvent, { type: 'tool_call' }>;

/**
 * What the listener of a run is told, in order: text in coalesced pieces, a heartbeat whenever nothing was said for 5 s, and
 * exactly one end. A listener that is gone changes nothing.
 */
export class RunEvents {
  readonly #text: Coalescer;
  #cancelHeartbeat: () => void;

  constructor(
    private readonly writer: Pick<StreamWriter<RunEvent>, 'write' | 'end'>,
    private readonly clock: Clock,
  ) {
    this.#text = new Coalescer((text) => this.#write({ type: 'text', text }), clock);
    this.#cancelHeartbeat = this.#heartbeatLater();
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
    this.#write(event);
  }

  completed(event: Omit<CompletedEvent, 'type'>): void {
    this.#end({ type: 'completed', ...event });
  }

  failed(error: SerializedError): void {
    this.#end({ type: 'failed', error });
  }

  /** Says nothing more, not even an end: for a run that nobody was told of. */
  abandon(): void {
    this.#text.discard();
    this.#cancelHeartbeat();
  }

  #end(event: RunEvent): void {
    this.#text.flush();
    this.#cancelHeartbeat();
    this.writer.end(event);
  }

  #write(event: RunEvent): void {
    this.#cancelHeartbeat();
    this.writer.write(event);
    this.#cancelHeartbeat = this.#heartbeatLater();
  }

  #heartbeatLater(): () => void {
    return this.clock.after(HEARTBEAT_AFTER_MS, () => this.#write({ type: 'heartbeat' }));
  }
}
