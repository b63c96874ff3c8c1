const EVERY_MS = 10_000;

/** Says on standard error how far things are: in one line on a terminal, else now and then. */
export class Progress {
  #toldAt = 0;
  #isLineOpen = false;

  /** What is done so far; told at once when it is the last of it. */
  step(what: string, done: number, total: number): void {
    const text = `${what} ${done} of ${total}`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${text}`);
      this.#isLineOpen = true;
      if (done === total) this.#close();
      return;
    }
    const isDue = done === total || Date.now() - this.#toldAt >= EVERY_MS;
    if (!isDue) return;
    this.#toldAt = Date.now();
    process.stderr.write(`${text}\n`);
  }

  say(text: string): void {
    this.#close();
    process.stderr.write(`${text}\n`);
  }

  #close(): void {
    if (this.#isLineOpen) process.stderr.write('\n');
    this.#isLineOpen = false;
  }
}
