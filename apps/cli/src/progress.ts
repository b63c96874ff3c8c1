import { type Terminal } from './terminal.js';

const WIDTH = 24;
const REDRAW_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** A line that shows how far long work is; nothing at all when nobody watches. */
export class Progress {
  #drawnAt = 0;
  #isDrawn = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly now: () => number = Date.now,
  ) {}

  /** @param total null when nobody knows */
  update(label: string, done: number, total: number | null, unit = ''): void {
    const isDone = total !== null && done >= total;
    if (!this.terminal.isWatched || (!isDone && this.now() - this.#drawnAt < REDRAW_MS)) return;
    this.#drawnAt = this.now();
    this.#isDrawn = true;
    this.terminal.err(
      `${CLEAR_LINE}${label} ${total === null ? '' : bar(done / Math.max(total, 1))}${amount(done, unit)}${
        total === null ? '' : ` of ${amount(total, unit)}`
      }`,
    );
  }

  /** Takes the line away, for what is printed next. */
  clear(): void {
    if (this.#isDrawn) this.terminal.err(CLEAR_LINE);
    this.#isDrawn = false;
  }
}

function bar(share: number): string {
  const filled = Math.round(Math.min(share, 1) * WIDTH);
  return `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] `;
}

function amount(value: number, unit: string): string {
  return unit === 'bytes' ? formatBytes(value) : `${value}${unit && ` ${unit}`}`;
}

/** `1.5 GiB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${power === 0 ? bytes : (bytes / 2 ** (10 * power)).toFixed(1)} ${units[power]}`;
}
