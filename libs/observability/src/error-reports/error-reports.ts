import { requestScope } from '../request-scope.js';

export interface ErrorFacts {
  app: string;
  /** The stable code that a caller was answered with. */
  code?: string;
  /** Template of the route. */
  route?: string;
  /** Wire name of the message. */
  message?: string;
}

/** Facts and the ids of the request, which lead to its trace and its log lines. */
export interface ErrorReport extends ErrorFacts {
  requestId: string | undefined;
  traceparent: string | undefined;
}

/** Tells another system of errors; never throws, and nobody waits for it. */
export interface ErrorReporter {
  report(error: unknown, report: ErrorReport): void;
  /** Sends what is left. @returns after `timeoutMs` at the latest */
  flush(timeoutMs: number): Promise<void>;
}

const MAX_A_MINUTE = 60;
const CRASH_FLUSH_MS = 2_000;

let reporter: ErrorReporter | null = null;
const sent = { since: -Infinity, count: 0 };

/** One for the process, however many apps are in it; null: none. */
export function useErrorReporter(next: ErrorReporter | null): void {
  reporter = next;
}

/** Of an error that nobody expected, or of an answer with a status from 500 on; while nobody wants to know, nothing. */
export function reportError(error: unknown, facts: ErrorFacts): void {
  if (reporter === null || !isWithinLimit()) return;
  const { requestId, traceparent } = requestScope;
  reporter.report(error, { ...facts, requestId, traceparent });
}

/** An outage makes the same error many times a second; the first ones tell all there is. */
function isWithinLimit(): boolean {
  const now = performance.now();
  if (now - sent.since > 60_000) Object.assign(sent, { since: now, count: 0 });
  return ++sent.count <= MAX_A_MINUTE;
}

/** Lets a process that dies of an error tell of it first. Without a reporter Node.js does what it always does. */
export function reportCrashes(app: string, exit: () => void = () => process.exit(1)): void {
  if (reporter === null) return;
  process.on('uncaughtException', (error) => void crash(error, app, exit));
}

export async function crash(error: unknown, app: string, exit: () => void): Promise<void> {
  process.stderr.write(`Uncaught ${error instanceof Error ? error.stack : String(error)}\n`);
  reportError(error, { app });
  await reporter?.flush(CRASH_FLUSH_MS);
  exit();
}
