import { type Clock } from './clock.js';

export interface CoalescerLimits {
  /** Longest time that text waits. */
  delayMs: number;
  /** Text of this size does not wait. */
  bytes: number;
}

/** Below the time that a provider's text is gathered for where it is read: what waited there does not wait again. */
const DEFAULT_LIMITS: CoalescerLimits = { delayMs: 20, bytes: 4096 };

/** Joins tokens that come in quick succession: the first goes out at once, what follows within the delay goes together. */
export class Coalescer {
  #waiting = '';
  #flushedAt = -Infinity;
  #cancel: (() => void) | null = null;

  constructor(
    private readonly emit: (text: string) => void,
    private readonly clock: Clock,
    private readonly limits: CoalescerLimits = DEFAULT_LIMITS,
  ) {}

  push(text: string): void {
    if (text === '') return;
    this.#waiting += text;
    const dueInMs = this.#flushedAt + this.limits.delayMs - this.clock.now();
    if (dueInMs <= 0 || Buffer.byteLength(this.#waiting) >= this.limits.bytes) this.flush();
    else this.#cancel ??= this.clock.after(dueInMs, () => this.flush());
  }

  /** Lets go of what waits; no timer is left behind. */
  flush(): void {
    const text = this.#waiting;
    this.discard();
    if (text === '') return;
    this.#flushedAt = this.clock.now();
    this.emit(text);
  }

  discard(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#waiting = '';
  }
}
