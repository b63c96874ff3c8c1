import { DomainError } from '@parley/contracts';

export interface StreamItem<T = unknown> {
  /** From 1, without gaps. */
  seq: number;
  data: T;
}

export interface StreamReaderOptions {
  /** Longest silence of the writer. */
  idleTimeoutMs: number;
  /** Items that may wait for a slow reader. */
  maxBuffered: number;
  signal?: AbortSignal | undefined;
}

/**
 * One stream as its receiver sees it; read it once, with `for await`. Every item it yields is in order and complete: on a
 * gap, an overflow, a silent writer or a lost broker it throws DomainError `stream_interrupted` after the last good item.
 * Leaving the loop closes it; a reader that is never read is closed with `close()`.
 */
export class StreamReader<T = unknown> implements AsyncIterableIterator<StreamItem<T>> {
  #received = 0;
  #buffer: StreamItem<T>[] = [];
  #waiting: PromiseWithResolvers<IteratorResult<StreamItem<T>>> | null = null;
  #end: { failure?: Error } | null = null;
  readonly #idle: NodeJS.Timeout;
  #onFirst = () => undefined as void;
  readonly #onAbort = () => this.fail(abortReason(this.options.signal));

  constructor(
    readonly streamId: string,
    private readonly options: StreamReaderOptions,
    private readonly onClosed: (reader: StreamReader<T>) => void,
  ) {
    this.#idle = setTimeout(() => this.fail(interrupted('The stream fell silent.')), options.idleTimeoutMs);
    if (options.signal?.aborted) this.#onAbort();
    else options.signal?.addEventListener('abort', this.#onAbort);
  }

  /** Takes what arrived; repeated items are ignored. */
  receive(seq: number, data: { item?: T; isLast: boolean }): void {
    if (this.#end || seq <= this.#received) return;
    if (seq !== this.#received + 1) return this.fail(interrupted('A part of the stream was lost.'));
    this.#received = seq;
    this.#onFirst();
    this.#idle.refresh();
    if ('item' in data && !this.#push({ seq, data: data.item as T })) {
      return this.fail(interrupted('The stream was read too slowly.'));
    }
    if (data.isLast) this.#finish({});
  }

  /** Fails the stream when nothing has arrived by then; afterwards the longest silence counts. */
  expectFirstWithin(timeoutMs: number): void {
    const late = () => {
      if (this.#received === 0) this.fail(interrupted('Nobody answered.'));
    };
    const timer = setTimeout(late, timeoutMs);
    this.#onFirst = () => clearTimeout(timer);
    if (this.#end || this.#received > 0) this.#onFirst();
  }

  /** Ends the stream with an error, after what has already arrived. */
  fail(failure: Error): void {
    this.#finish({ failure });
  }

  close(): void {
    this.#buffer = [];
    this.#finish({});
  }

  next(): Promise<IteratorResult<StreamItem<T>>> {
    const item = this.#buffer.shift();
    if (item) return Promise.resolve({ value: item, done: false });
    if (this.#end) return this.#ended(this.#end);
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  return(): Promise<IteratorResult<StreamItem<T>>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(item: StreamItem<T>): boolean {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) waiting.resolve({ value: item, done: false });
    else if (this.#buffer.length >= this.options.maxBuffered) return false;
    else this.#buffer.push(item);
    return true;
  }

  #finish(end: { failure?: Error }): void {
    if (this.#end) return;
    this.#end = end;
    clearTimeout(this.#idle);
    this.#onFirst();
    this.options.signal?.removeEventListener('abort', this.#onAbort);
    this.onClosed(this);
    this.#waiting?.resolve(this.#ended(end));
    this.#waiting = null;
  }

  /** The failure is thrown once; the stream is over afterwards. */
  #ended(end: { failure?: Error }): Promise<IteratorResult<StreamItem<T>>> {
    const { failure } = end;
    delete end.failure;
    return failure ? Promise.reject(failure) : Promise.resolve({ value: undefined, done: true });
  }
}

export function interrupted(message: string): DomainError {
  return new DomainError('stream_interrupted', message);
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('The stream was aborted.');
}
