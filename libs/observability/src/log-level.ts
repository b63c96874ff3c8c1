import { type OnApplicationShutdown } from '@nestjs/common';
import { type Logger } from 'pino';

export interface LogLevelChange {
  /** Null: as it is configured. */
  level: string | null;
  /** Orders changes: of two the later one holds. */
  changedAt: number;
  remainingMs: number;
}

/** Who wanted a change, for the log. */
export interface LogLevelChanger {
  tenantId: string;
  userId: string;
}

/** How much this process tells in its log: what is configured, or for a while something else. */
export class LogLevel implements OnApplicationShutdown {
  #change: (LogLevelChange & { endsAt: number }) | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** @param root the logger that all lines go through; known once the app has one */
  constructor(
    readonly configured: string,
    private readonly root: () => Pick<Logger, 'level' | 'levels' | 'child'>,
  ) {}

  /** What holds beside the configuration; null when nothing does. */
  get change(): LogLevelChange | null {
    if (this.#change === null) return null;
    const { level, changedAt, endsAt } = this.#change;
    return { level, changedAt, remainingMs: Math.max(0, Math.round(endsAt - performance.now())) };
  }

  get level(): string {
    return this.#change?.level ?? this.configured;
  }

  /** @returns false when it is known already, older than what is known, or names no level */
  apply(change: LogLevelChange, by: LogLevelChanger): boolean {
    const { level, changedAt, remainingMs } = change;
    const isKnown = this.#change !== null && changedAt <= this.#change.changedAt;
    if (isKnown || (level !== null && !Object.hasOwn(this.root().levels.values, level))) return false;
    this.#change = { level, changedAt, remainingMs, endsAt: performance.now() + remainingMs };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire(), remainingMs).unref();
    this.#audit(level === null ? 'log level reset' : 'log level changed', { forMs: remainingMs, ...by });
    this.root().level = this.level;
    return true;
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#timer);
  }

  #expire(): void {
    this.#change = null;
    this.root().level = this.configured;
    this.#audit('log level expired', {});
  }

  /** Told at any level: who looks into a log wants to know why it says more or less than before. */
  #audit(msg: string, fields: object): void {
    this.root()
      .child({}, { level: 'info' })
      .info({ context: 'LogLevel', logLevel: this.level, configured: this.configured, ...fields }, msg);
  }
}
