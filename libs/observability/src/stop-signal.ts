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
 * Stops the process on SIGTERM or SIGINT: exit code 0 after an orderly stop, 1 when that failed, took too long, or was
 * cut short by a second signal. One Ctrl-C reaches a process both from the terminal and from its parent: that is one signal.
 */
export function onStopSignal({ stop, abandon, limitMs }: StopSignalOptions): void {
  let firstAt: number | undefined;
  const giveUp = () => {
    abandon?.();
    process.exit(1);
  };
  const received = () => {
    if (firstAt !== undefined) {
      if (Date.now() - firstAt > SAME_KEYSTROKE_MS) giveUp();
      return;
    }
    firstAt = Date.now();
    setTimeout(giveUp, limitMs).unref();
    stop().then(() => process.exit(0), giveUp);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, received);
}
