import { type ConsumeMessage } from 'amqplib';
import { readBody } from '../envelope.js';
import { interrupted, StreamReader, type StreamReaderOptions } from './stream-reader.js';

export const STREAM_SEQ = 'x-seq';
export const STREAM_END = 'x-end';
/** An end marker may carry a last item or none. */
export const STREAM_EMPTY = 'x-empty';

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
    const reader = this.#readers.get(String(message.properties.correlationId));
    if (!reader) return;
    const headers: Record<string, unknown> = message.properties.headers ?? {};
    const isLast = headers[STREAM_END] === true;
    const item = headers[STREAM_EMPTY] === true ? {} : { item: readBody(message) };
    reader.receive(Number(headers[STREAM_SEQ]), { ...item, isLast });
  }

  lost(): void {
    for (const reader of this.#readers.values()) reader.fail(interrupted('The connection to the broker was lost.'));
  }
}
