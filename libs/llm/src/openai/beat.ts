/**
 * A beat that many wait for: all of them go on in the same turn of the event loop, so that what they send goes out in one
 * piece, and whoever receives it wakes up once. Nothing runs while nobody waits.
 */
export class Beat {
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly everyMs: number) {}

  /** Calls `goOn` at the next beat; the returned function prevents that. */
  next(goOn: () => void): () => void {
    this.#waiting.add(goOn);
    if (this.#timer === undefined)
      this.#timer = setTimeout(() => this.#strike(), this.everyMs - (performance.now() % this.everyMs));
    return () => this.#waiting.delete(goOn);
  }

  #strike(): void {
    this.#timer = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const goOn of waiting) goOn();
  }
}
