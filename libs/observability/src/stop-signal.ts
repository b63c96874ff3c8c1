const SAME_KEYSTROKE_MS = 1_000;

export interface StopSignalOptions {
  /** Stops in order. */
  stop: () => Promise<void>;
  /** Synchronous last act when there is no time for order. */
  abandon?: () => void;
  /** After this long an orderly stop is given up. */
  limitMs: number;
}

/**
 * Stops the process on SIGTERM or SIGINT: exit code 0 after an orderly stop, 1, with the reason on stderr, when that failed,
 * took too long, or was cut short by a second signal. One Ctrl-C reaches a process both from the terminal and from its parent: that is one signal.
 */
export function onStopSignal({ stop, abandon, limitMs }: StopSignalOptions): void {
  let firstAt: number | undefined;
  const giveUp = (reason: string) => {
    process.stderr.write(`Stopped without order: ${reason}\n`);
    abandon?.();
    process.exit(1);
  };
  const received = () => {
    if (firstAt !== undefined) {
      if (Date.now() - firstAt > SAME_KEYSTROKE_MS) giveUp('a second signal came.');
      return;
    }
    firstAt = Date.now();
    setTimeout(() => giveUp(`it took longer than ${limitMs} ms.`), limitMs).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => giveUp(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, received);
}
