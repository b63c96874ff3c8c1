import { type Clock } from './clock.js';

/** Longest time that text stays unsaved while writes succeed. */
const DELAY_MS = 500;

/**
 * Saves a growing text now and then, at most one write at a time, never waited for by who writes the text. A write that
 * fails is made up for by the next one.
 */
export class Checkpoint {
  #text = '';
  /** Since the last write: characters, and one for whatever else. */
  #changes = 0;
  #isUrgent = false;
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
    this.#changes += text.length - this.#text.length;
    this.#text = text;
    this.#schedule();
  }

  /** Something besides the text is to be saved, at once: what goes on may take long. */
  touch(): void {
    this.#changes += 1;
    this.#isUrgent = true;
    this.#schedule();
  }

  /** Saves nothing any more; resolves when no write is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#saving;
  }

  #schedule(): void {
    if (this.#stopped || this.#saving || this.#changes === 0) return;
    if (this.#isUrgent) this.#write();
    else this.#cancel ??= this.clock.after(this.delayMs, () => this.#write());
  }

  #write(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#isUrgent = false;
    const changes = this.#changes;
    this.#saving = this.save(this.#text).then(
      () => this.#written(changes),
      () => this.#written(null),
    );
  }

  #written(changes: number | null): void {
    this.#saving = null;
    this.#changes -= changes ?? 0;
    this.#schedule();
  }
}
