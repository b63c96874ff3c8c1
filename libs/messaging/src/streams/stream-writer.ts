import { v7 as uuidv7 } from 'uuid';
import { type Publisher } from '../publisher.js';
import { DIRECT_EXCHANGE } from '../topology.js';
import { STREAM_EMPTY, STREAM_END, STREAM_SEQ } from './stream-inbox.js';

/**
 * The sending end of a stream. Neither stored nor confirmed, and it never throws: what cannot be sent is missed by the
 * reader as a gap, and the work that produces the stream goes on.
 */
export class StreamWriter<T = unknown> {
  #seq = 0;
  #ended = false;
  #probeId: string | null = null;

  constructor(
    private readonly publisher: Publisher,
    private readonly address: string,
    private readonly streamId: string,
  ) {}

  /** @returns false when the item was not sent. */
  write(data: T): boolean {
    return this.#send(data, {});
  }

  /** As `write`; `onGone` is called when the process that reads is gone, which a plain write does not notice. */
  probe(data: T, onGone: () => void): boolean {
    this.#unwatch();
    this.#probeId = uuidv7();
    this.publisher.watch(this.#probeId, onGone);
    return this.#send(data, {}, { mandatory: true, messageId: this.#probeId });
  }

  /** The last item, or none. Later writes are ignored. */
  end(data?: T): boolean {
    const sent = this.#send(
      data,
      data === undefined ? { [STREAM_END]: true, [STREAM_EMPTY]: true } : { [STREAM_END]: true },
    );
    this.abandon();
    return sent;
  }

  /** Sends nothing more, not even an end. */
  abandon(): void {
    this.#ended = true;
    this.#unwatch();
  }

  #unwatch(): void {
    if (this.#probeId !== null) this.publisher.unwatch(this.#probeId);
    this.#probeId = null;
  }

  #send(body: T | undefined, marks: Record<string, boolean>, more: object = {}): boolean {
    if (this.#ended) return false;
    this.#seq += 1;
    const properties = { correlationId: this.streamId, headers: { [STREAM_SEQ]: this.#seq, ...marks }, ...more };
    try {
      this.publisher.send({ exchange: DIRECT_EXCHANGE, routingKey: this.address, body, properties });
      return true;
    } catch {
      return false;
    }
  }
}
