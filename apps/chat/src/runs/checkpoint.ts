import { type Clock } from './clock.js';

/** Longest time that text stays unsaved while writes succeed. */
const DELAY_MS = 500;

/**
 * Saves a growing text now and then, at most one write at a time, never waited for by who writes the text. A write that
 * fails is made up for by the next one.
 */
export class Checkpoint {
  #text = '';
  #savedLength = 0;
  #saving: Promise<void> | null = null;
  #cancel: (() => void) | null = null;
  #stopped = false;

  constructor(
    private readonly save: (text: string) => Promise<void>,
    private readonly clock: Clock,
    private readonly delayMs = DELAY_MS,
  ) {}

  /** @param text all of it so far */
  update(text: string): void {
    this.#text = text;
    this.#schedule();
  }

  /** Saves nothing any more; resolves when no write is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#saving;
  }

  #schedule(): void {
    if (this.#stopped || this.#saving || this.#text.length === this.#savedLength) return;
    this.#cancel ??= this.clock.after(this.delayMs, () => this.#write());
  }

  #write(): void {
    this.#cancel?.();
    this.#cancel = null;
    const text = this.#text;
    this.#saving = this.save(text).then(
      () => this.#written(text.length),
      () => this.#written(null),
    );
  }

  #written(length: number | null): void {
    this.#saving = null;
    this.#savedLength = length ?? this.#savedLength;
    this.#schedule();
  }
}
