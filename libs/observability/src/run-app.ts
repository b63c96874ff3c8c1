import { type INestApplication } from '@nestjs/common';
import { reportCrashes } from './error-reports/error-reports.js';
import { ReadinessGate } from './health/readiness-gate.js';
import { onStopSignal } from './stop-signal.js';

/** What an app's main needs to know of its configuration. */
export interface Listening {
  host: string;
  port: number;
  /** How long work in flight may take to finish once the process is asked to stop. */
  shutdownTimeoutMs: number;
}

export interface RunnableApp {
  app: INestApplication;
  listening: Listening;
}

const GRACE_AFTER_TIMEOUT_MS = 2_000;

/**
 * Runs one app as a process: starts it, listens, and on SIGTERM or SIGINT says not ready, lets it drain and exits.
 * A fault in the configuration is one clean message and exit code 1.
 */
export async function runApp(
  name: string,
  createApp: (environment: NodeJS.ProcessEnv) => Promise<RunnableApp>,
): Promise<void> {
  try {
    const { app, listening } = await createApp(process.env);
    reportCrashes(name);
    onStopSignal({ stop: () => closeApp(app), limitMs: listening.shutdownTimeoutMs + GRACE_AFTER_TIMEOUT_MS });
    await app.listen(listening.port, listening.host);
  } catch (error) {
    process.stderr.write(`${name} did not start. ${describeStartFailure(error)}\n`);
    process.exit(1);
  }
}

/** Says not ready first, so that no new work comes while it drains. */
export async function closeApp(app: INestApplication): Promise<void> {
  app.get(ReadinessGate, { strict: false }).drain();
  await app.close();
}

/** What the operator can mend is said in a sentence, anything else is for whoever mends the program. */
export function describeStartFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'ConfigError') return error.message;
  const { code, syscall, port } = error as NodeJS.ErrnoException & { port?: number };
  if (syscall === 'listen' && code === 'EADDRINUSE') return `PORT ${port} is taken by another process.`;
  if (syscall === 'listen') return `PORT ${port} cannot be used: ${error.message}`;
  return error.stack ?? error.message;
}
