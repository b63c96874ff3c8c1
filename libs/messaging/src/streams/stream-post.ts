import { type Publisher } from '../publisher.js';
import { DIRECT_EXCHANGE } from '../topology.js';
import { bundleOf, type SentItem, singly, type StreamMessage, takesBundles } from './stream-item.js';

/** Of JSON, in UTF-16 units: what is more leaves at once. */
const MAX_WAITING = 64 * 1024;

/**
 * What goes to one process in the same turn of the event loop leaves as one message, whatever streams it belongs to: the
 * answers of a busy service go on at one beat, and a message costs three processes far more than an item does. Neither stored
 * nor confirmed, and it never throws: what cannot be sent is missed by its reader as a gap.
 */
export class StreamPost {
  readonly #waiting = new Map<string, { items: string[]; size: number }>();

  constructor(private readonly publisher: Pick<Publisher, 'send'>) {}

  send(address: string, item: SentItem): void {
    if (!takesBundles(address)) return this.#publish(address, () => singly(item));
    const json = JSON.stringify(item);
    const waiting = this.#waitingFor(address);
    waiting.items.push(json);
    waiting.size += json.length;
    if (waiting.size >= MAX_WAITING) this.#leave(address);
  }

  /** By itself, behind what waits. @param properties of AMQP, beside those of a stream */
  now(address: string, item: SentItem, properties: object): void {
    this.#leave(address);
    const message = () => (takesBundles(address) ? bundleOf([JSON.stringify(item)]) : singly(item));
    this.#publish(address, message, properties);
  }

  #waitingFor(address: string): { items: string[]; size: number } {
    let waiting = this.#waiting.get(address);
    if (!waiting) {
      waiting = { items: [], size: 0 };
      this.#waiting.set(address, waiting);
      // Behind all promises that are about to be kept: they may have more to say.
      process.nextTick(() => this.#leave(address));
    }
    return waiting;
  }

  #leave(address: string): void {
    const waiting = this.#waiting.get(address);
    this.#waiting.delete(address);
    if (waiting) this.#publish(address, () => bundleOf(waiting.items));
  }

  #publish(routingKey: string, message: () => StreamMessage, more: object = {}): void {
    try {
      const { body, properties } = message();
      this.publisher.send({ exchange: DIRECT_EXCHANGE, routingKey, body, properties: { ...properties, ...more } });
    } catch {
      // The reader notices the gap.
    }
  }
}
