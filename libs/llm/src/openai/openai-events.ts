import { Readable } from 'node:stream';
import { type ReadableStream } from 'node:stream/web';
import { createParser } from 'eventsource-parser';
import { APIError } from 'openai';
import { type Beat } from './beat.js';

/** Of one event without an end. No provider sends a tenth of it. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;
/** When more waits to be taken, the provider has to wait too. */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * The events of a streamed answer, in batches. The SDK's own reader goes through several promises for each event, which is
 * what a fast model waits for; and every batch goes through all that comes after, which is what the others wait for.
 * @param beat asked before each batch: what it may wait for, to become larger. The end of the answer does not wait.
 * @throws APIError for an error that the provider tells in the stream, as the SDK does
 */
export async function* readEvents<Event>(response: Response, beat: () => Beat | undefined): AsyncGenerator<Event[]> {
  const reader = new EventReader<Event>(response);
  try {
    for (;;) {
      const events = await reader.next(beat());
      if (events.length === 0) return;
      yield events;
    }
  } finally {
    reader.close();
  }
}

class EventReader<Event> {
  readonly #body: Readable;
  #waiting: Event[] = [];
  #waitingBytes = 0;
  #takenAt = -Infinity;
  /** The provider has said its last word, though the response may not have ended. */
  #isDone = false;
  #hasEnded = false;
  #failure: Error | undefined;
  /** Ends the wait for the first event, or that for the beat. */
  #first: (() => void) | undefined;
  #more: (() => void) | undefined;

  constructor(private readonly response: Response) {
    this.#body = toReadable(response);
    const parser = createParser({
      maxBufferSize: MAX_EVENT_CHARACTERS,
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') this.#failure ??= error;
      },
      onEvent: ({ event, data }) => this.#receive(event, data),
    });
    const decoder = new TextDecoder();
    this.#body.on('data', (bytes: Uint8Array) => {
      parser.feed(decoder.decode(bytes, { stream: true }));
      this.#waitingBytes += bytes.length;
      if (this.#waitingBytes >= MAX_WAITING_BYTES) this.#body.pause();
      this.#changed();
    });
    this.#body.on('error', (error) => this.#end(error));
    // Read to the end also behind [DONE]: the connection is used again.
    this.#body.on('end', () => this.#end());
    this.#body.on('close', () => this.#end());
  }

  /** All that came since the last call; nothing at the end. @throws what broke the stream, after what came before it */
  async next(beat?: Beat): Promise<Event[]> {
    // Who is slower than the beat does not wait for it.
    if (beat && performance.now() - this.#takenAt < beat.everyMs && !this.#isUrgent) await this.#wait(beat);
    if (this.#waiting.length === 0 && !this.#isOver) await new Promise<void>((resolve) => (this.#first = resolve));
    const events = this.#waiting;
    if (events.length === 0 && this.#failure) throw this.#failure;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#takenAt = performance.now();
    if (this.#body.isPaused()) this.#body.resume();
    return events;
  }

  close(): void {
    if (!this.#hasEnded) this.#body.destroy();
  }

  get #isOver(): boolean {
    return this.#hasEnded || this.#failure !== undefined;
  }

  get #isUrgent(): boolean {
    return this.#isOver || this.#isDone || this.#waitingBytes >= MAX_WAITING_BYTES;
  }

  async #wait(beat: Beat): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = beat.next(resolve);
      this.#more = () => {
        cancel();
        resolve();
      };
    });
    this.#more = undefined;
  }

  #receive(event: string | undefined, data: string): void {
    if (this.#isDone || this.#failure) return;
    this.#isDone = data.startsWith('[DONE]');
    if (this.#isDone) return;
    try {
      const parsed = JSON.parse(data) as { error?: object | null };
      if (event === 'error' || parsed.error) this.#failure = toError(parsed, this.response.headers);
      else this.#waiting.push(parsed as Event);
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  #end(error?: Error): void {
    this.#failure ??= error;
    this.#hasEnded = true;
    this.#changed();
  }

  #changed(): void {
    if (this.#isUrgent) this.#more?.();
    if (this.#waiting.length > 0 || this.#isOver) this.#first?.();
  }
}

function toReadable({ body }: Response): Readable {
  if (body instanceof Readable) return body;
  return body ? Readable.fromWeb(body as ReadableStream) : Readable.from([]);
}

function toError(parsed: { error?: object | null }, headers: Headers): Error {
  return new APIError(undefined, parsed.error ?? parsed, undefined, headers);
}
