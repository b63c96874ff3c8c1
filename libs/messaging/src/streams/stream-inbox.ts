import { type ConsumeMessage } from 'amqplib';
import { readItems } from './stream-item.js';
import { interrupted, StreamReader, type StreamReaderOptions } from './stream-reader.js';

/** Gives each arriving item to the reader of its stream; items of streams nobody reads are dropped. */
export class StreamInbox {
  readonly #readers = new Map<string, StreamReader>();

  open<T>(streamId: string, options: StreamReaderOptions): StreamReader<T> {
    if (this.#readers.has(streamId)) throw new TypeError(`Stream ${streamId} has a reader already.`);
    const reader = new StreamReader(streamId, options, () => this.#readers.delete(streamId));
    if (!options.signal?.aborted) this.#readers.set(streamId, reader);
    return reader as StreamReader<T>;
  }

  receive(message: ConsumeMessage): void {
    for (const { streamId, seq, isLast, ...item } of readItems(message)) {
      this.#readers.get(streamId)?.receive(seq, { ...('data' in item && { item: item.data }), isLast });
    }
  }

  lost(): void {
    for (const reader of this.#readers.values()) reader.fail(interrupted('The connection to the broker was lost.'));
  }
}
