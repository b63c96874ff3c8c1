import { DomainError, type ErrorCode } from '@parley/contracts';
import { type Failure } from '@parley/knowledge';
import { IngestionError } from '../parsing/ingestion-error.js';

const LONGEST_PAUSE_MS = 300_000;
/** What the embedding provider will say again next time. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'model_not_found',
  'context_length_exceeded',
  'conflict',
]);

/** The embedding provider's part of the work failed. */
export class EmbeddingError extends Error {
  override readonly name = 'EmbeddingError';

  constructor(override readonly cause: DomainError) {
    super(`The text could not be embedded: ${cause.message}`);
  }
}

export interface Attempt {
  /** From 1. */
  number: number;
  /** After the first attempt; the next ones are four times as long each. */
  firstPauseMs: number;
}

/**
 * What is recorded of an attempt that failed. A file that cannot be read will never be, so that is final; everything else
 * is tried again after a growing pause, or when the provider said so.
 */
export function failureOf(error: unknown, attempt: Attempt): Failure {
  if (error instanceof IngestionError) return { code: error.code, message: error.message };
  if (error instanceof EmbeddingError) {
    const { code, retryAfterMs = 0 } = error.cause;
    const failure = { code: 'provider_error', message: error.message } as const;
    return FINAL.has(code) ? failure : { ...failure, retryAt: after(Math.max(retryAfterMs, pauseMs(attempt))) };
  }
  const retryAt = after(pauseMs(attempt));
  if (!(error instanceof DomainError)) {
    return { code: 'internal_error', message: 'An internal error occurred.', retryAt };
  }
  if (error.code === 'not_found') return { code: 'blob_missing', message: 'The uploaded original is gone.' };
  if (error.code === 'timeout') return { code: 'timeout', message: 'The file takes too long to be indexed.', retryAt };
  return { code: 'internal_error', message: error.message, retryAt };
}

/** With a first pause of 5 s: 5 s, 20 s, 80 s, then 5 min. */
function pauseMs({ number, firstPauseMs }: Attempt): number {
  return Math.min(LONGEST_PAUSE_MS, firstPauseMs * 4 ** (number - 1));
}

function after(milliseconds: number): Date {
  return new Date(Date.now() + milliseconds);
}
