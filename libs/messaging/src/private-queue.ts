import { Logger } from '@nestjs/common';
import { type ChannelModel, type ConsumeMessage } from 'amqplib';
import { v7 as uuidv7 } from 'uuid';
import { closeQuietly } from './connection/close-quietly.js';
import { DIRECT_EXCHANGE, SIGNALS_EXCHANGE } from './topology.js';

/** A queue of this process alone, gone with its connection; reached through `parley.direct` by its name, and by signals. */
export class PrivateQueue {
  readonly #logger = new Logger('Messaging');
  #name: string | null = null;

  constructor(
    private readonly prefix: string,
    private readonly onMessage: (message: ConsumeMessage) => void,
    /** Names of the signals that it takes. */
    private readonly signals: () => Iterable<string> = () => [],
  ) {}

  /** Null while there is no connection. A new connection brings a new name: the broker may still hold the old one. */
  get name(): string | null {
    return this.#name;
  }

  async open(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    const name = `${this.prefix}.${uuidv7()}`;
    channel.on('error', () => undefined);
    channel.on('close', () => void closeQuietly(model));
    await channel.assertQueue(name, { exclusive: true, autoDelete: true, durable: false });
    await channel.bindQueue(name, DIRECT_EXCHANGE, name);
    for (const signal of this.signals()) await channel.bindQueue(name, SIGNALS_EXCHANGE, signal);
    const receive = (message: ConsumeMessage | null) => {
      if (message) this.#receive(message);
      else void closeQuietly(channel);
    };
    await channel.consume(name, receive, { noAck: true });
    this.#name = name;
  }

  lost(): void {
    this.#name = null;
  }

  /** amqplib closes the channel of a callback that throws. */
  #receive(message: ConsumeMessage): void {
    try {
      this.onMessage(message);
    } catch (error) {
      this.#logger.warn(
        `Dropped a message of ${this.prefix}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
