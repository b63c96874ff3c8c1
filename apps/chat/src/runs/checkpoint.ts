import { type Clock } from './clock.js';

export interface CheckpointLimits {
  /** Longest time that text stays unsaved. */
  delayMs: number;
  /** Unsaved text of this many characters does not wait. */
  characters: number;
}

const DEFAULT_LIMITS: CheckpointLimits = { delayMs: 500, characters: 2048 };

/**
 * Saves a growing text now and then, at most one write at a time, never waited for by who writes the text. A write that
 * fails is made up for by the next one.
 */
export class Checkpoint {
  #text = '';
  #savedLength = 0;
  #saving: Promise<void> | null = null;
  #cancel: (() => void) | null = null;
  #lastFailed = false;
  #stopped = false;

  constructor(
    private readonly save: (text: string) => Promise<void>,
    private readonly clock: Clock,
    private readonly limits: CheckpointLimits = DEFAULT_LIMITS,
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
    const unsaved = this.#text.length - this.#savedLength;
    if (this.#stopped || this.#saving || unsaved === 0) return;
    if (unsaved >= this.limits.characters && !this.#lastFailed) this.#write();
    else this.#cancel ??= this.clock.after(this.limits.delayMs, () => this.#write());
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
    this.#lastFailed = length === null;
    this.#savedLength = length ?? this.#savedLength;
    this.#schedule();
  }
}
