import { createStackParser, createTransport, Scope } from '@sentry/core';
import { nodeStackLineParser, ServerRuntimeClient } from '@sentry/core/server';
import { errorType } from '../tracing/error-type.js';
import { parseTraceparent } from '../tracing/trace-context.js';
import { VERSION } from '../version.js';
import { type ErrorReport, type ErrorReporter } from './error-reports.js';
import { scrubbed } from './scrubbed.js';
import { type SentryOptions } from './sentry-options.js';

const SEND_TIMEOUT_MS = 5_000;
/** Reports on their way; what comes on top is dropped. */
const MAX_IN_FLIGHT = 16;

/**
 * Sentry's client without integrations: it patches nothing, collects nothing by itself, and sends what is here: the kind of
 * an error, where it happened, and ids. No body, no user, no address, no file of the machine.
 */
export function createSentryReporter({ dsn, environment }: SentryOptions): ErrorReporter {
  const client = new ServerRuntimeClient({
    dsn,
    environment,
    release: `parley@${VERSION}`,
    integrations: [],
    sendClientReports: false,
    stackParser: createStackParser(nodeStackLineParser()),
    transport: (options) =>
      createTransport({ ...options, bufferSize: MAX_IN_FLIGHT }, async ({ body }) => {
        const signal = AbortSignal.timeout(SEND_TIMEOUT_MS);
        const response = await fetch(options.url, { method: 'POST', body: body as string, signal });
        await response.arrayBuffer();
        const limits = response.headers.get('x-sentry-rate-limits');
        const retryAfter = response.headers.get('retry-after');
        return { statusCode: response.status, headers: { 'x-sentry-rate-limits': limits, 'retry-after': retryAfter } };
      }),
  });
  client.init();
  return {
    report: (error, report) => void client.captureException(plain(error), {}, scopeOf(report)),
    flush: async (timeoutMs) => void (await client.flush(timeoutMs)),
  };
}

/** Its type, its scrubbed message, its stack: an error may carry rows, requests and more. */
function plain(error: unknown): Error {
  const told = new Error(error instanceof Error ? scrubbed(error.message) : typeof error);
  told.name = errorType(error);
  if (error instanceof Error && error.stack !== undefined)
    told.stack = `${told.name}: ${told.message}\n${framesOf(error.stack)}`;
  return told;
}

function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

function scopeOf({ traceparent, requestId, ...facts }: ErrorReport): Scope {
  const scope = new Scope();
  scope.setTags({ ...facts, request_id: requestId });
  const trace = parseTraceparent(traceparent);
  if (trace) scope.setContext('trace', { trace_id: trace.traceId, span_id: trace.spanId });
  return scope;
}
