import { type RunEvent } from '@parley/contracts';
import { type StreamWriter } from '@parley/messaging';
import { type Clock } from './clock.js';

/** Well below what a listener takes for the death of this process. */
const HEARTBEAT_EVERY_MS = 3_000;

export type ListenerStream = Pick<StreamWriter<RunEvent>, 'write' | 'probe' | 'end' | 'abandon'>;

export interface AudienceOptions {
  open(address: string, streamId: string): ListenerStream;
  clock: Clock;
  /** How long a run goes on that nobody listens to; null: to its end. */
  graceMs: number | null;
  /** Called once when that time is over. */
  onDeserted(): void;
}

/** Who listens to a run. Listeners come, leave, and die with their process, which a heartbeat notices. */
export class Audience {
  readonly #listeners = new Map<string, ListenerStream>();
  #cancelHeartbeat: (() => void) | null = null;
  #cancelGrace: (() => void) | null = null;
  #isOver = false;

  constructor(private readonly options: AudienceOptions) {}

  /** A listener that is there already starts anew, with what it is told first. */
  add(address: string, streamId: string, first: Iterable<RunEvent>): void {
    const stream = this.options.open(address, streamId);
    this.#listeners.get(streamId)?.abandon();
    this.#listeners.set(streamId, stream);
    this.#cancelGrace?.();
    this.#cancelGrace = null;
    for (const event of first) stream.write(event);
    this.#cancelHeartbeat ??= this.#heartbeatLater();
  }

  leave(streamId: string): void {
    this.#listeners.get(streamId)?.abandon();
    this.#listeners.delete(streamId);
    if (this.#listeners.size > 0) return;
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = null;
    this.#waitForOthers();
  }

  tell(event: RunEvent): void {
    for (const stream of this.#listeners.values()) stream.write(event);
  }

  /** Tells the last event; who comes later hears all of the run at once. */
  end(event: RunEvent): void {
    for (const stream of this.#listeners.values()) stream.end(event);
    this.#dismiss();
  }

  /** Tells nothing more, not even an end. */
  abandon(): void {
    for (const stream of this.#listeners.values()) stream.abandon();
    this.#dismiss();
  }

  /** To one listener after the end. */
  tellAll(address: string, streamId: string, events: RunEvent[]): void {
    const stream = this.options.open(address, streamId);
    for (const event of events.slice(0, -1)) stream.write(event);
    stream.end(events.at(-1));
  }

  #dismiss(): void {
    this.#isOver = true;
    this.#listeners.clear();
    this.#cancelHeartbeat?.();
    this.#cancelGrace?.();
  }

  #waitForOthers(): void {
    const { graceMs, clock, onDeserted } = this.options;
    if (graceMs === null || this.#isOver) return;
    this.#cancelGrace ??= clock.after(graceMs, onDeserted);
  }

  #heartbeatLater(): () => void {
    return this.options.clock.after(HEARTBEAT_EVERY_MS, () => {
      for (const [streamId, stream] of this.#listeners) {
        stream.probe({ type: 'heartbeat' }, () => this.#gone(streamId, stream));
      }
      this.#cancelHeartbeat = this.#heartbeatLater();
    });
  }

  #gone(streamId: string, stream: ListenerStream): void {
    if (this.#listeners.get(streamId) === stream) this.leave(streamId);
  }
}
