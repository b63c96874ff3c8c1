import { v7 as uuidv7 } from 'uuid';
import { type Publisher } from '../publisher.js';
import { type StreamPost } from './stream-post.js';

/** The sending end of a stream. It never fails: what does not arrive is missed by the reader, and the work goes on. */
export class StreamWriter<T = unknown> {
  #seq = 0;
  #ended = false;
  #probeId: string | null = null;

  constructor(
    private readonly parts: { post: StreamPost; publisher: Pick<Publisher, 'watch' | 'unwatch'> },
    private readonly address: string,
    private readonly streamId: string,
  ) {}

  write(data: T): void {
    if (!this.#ended) this.parts.post.send(this.address, this.#item({ data, isLast: false }));
  }

  /** As `write`; `onGone` is called when the process that reads is gone, which a plain write does not notice. */
  probe(data: T, onGone: () => void): void {
    this.#unwatch();
    if (this.#ended) return;
    this.#probeId = uuidv7();
    this.parts.publisher.watch(this.#probeId, onGone);
    const properties = { mandatory: true, messageId: this.#probeId };
    this.parts.post.now(this.address, this.#item({ data, isLast: false }), properties);
  }

  /** The last item, or none. Later writes are ignored. */
  end(data?: T): void {
    if (!this.#ended) {
      this.parts.post.send(this.address, this.#item({ ...(data !== undefined && { data }), isLast: true }));
    }
    this.abandon();
  }

  /** Sends nothing more, not even an end. */
  abandon(): void {
    this.#ended = true;
    this.#unwatch();
  }

  #item(item: { data?: T; isLast: boolean }) {
    this.#seq += 1;
    return { streamId: this.streamId, seq: this.#seq, ...item };
  }

  #unwatch(): void {
    if (this.#probeId !== null) this.parts.publisher.unwatch(this.#probeId);
    this.#probeId = null;
  }
}
