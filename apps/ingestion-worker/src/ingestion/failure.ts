import { DomainError, type ErrorCode } from '@parley/contracts';
import { type EgressError } from '@parley/egress';
import { type Failure } from '@parley/knowledge';
import { ProviderFailure } from '@parley/llm';
import { IngestionError } from '../parsing/ingestion-error.js';

const LONGEST_PAUSE_MS = 300_000;
/** A provider that asks for more, such as until tomorrow, is asked again all the same: quotas are raised at noon too. */
const LONGEST_WISH_MS = 3_600_000;
/** What the embedding provider will say again next time. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'model_not_found',
  'context_length_exceeded',
  'conflict',
]);
/** Says nothing about the document: others would meet the same. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set(['provider_rate_limited', 'service_unavailable']);

/** Whether another try with the embedding provider would end the same way. */
export function isFinal({ cause }: EmbeddingError): boolean {
  return FINAL.has(cause.code);
}

/** The embedding provider's part of the work failed. */
export class EmbeddingError extends Error {
  override readonly name = 'EmbeddingError';

  constructor(override readonly cause: DomainError) {
    super(`The text could not be embedded: ${cause.message}`);
  }
}

/** The page that a document is made from could not be fetched. */
export class FetchError extends Error {
  override readonly name = 'FetchError';

  constructor(override readonly cause: EgressError) {
    super(cause.message);
  }
}

export interface Attempt {
  /** How often the job has been queued again in a row for the same kind of reason. */
  failures: number;
  postponements: number;
  /** After the first failed attempt; the next ones are four times as long each. */
  firstPauseMs: number;
  /** How long somebody may be out of service before a job that needs them has failed. */
  outagePatienceMs: number;
}

/**
 * What is recorded of an attempt that failed. A file that cannot be read will never be, so that is final; everything else
 * is tried again after a growing pause, or when the provider said so. While provider, database or file store are away or
 * limit the rate, attempts do not count: an outage of an hour must not use up those of every document.
 */
export function failureOf(error: unknown, attempt: Attempt): Failure {
  if (error instanceof IngestionError) return { code: error.code, message: error.message };
  if (error instanceof FetchError) return fetchFailure(error, attempt);
  if (error instanceof EmbeddingError) return providerFailure(error, attempt);
  if (!(error instanceof DomainError)) {
    const message = 'An internal error occurred.';
    return { code: 'internal_error', message, retryInMs: pauseMs(attempt.failures, attempt) };
  }
  const { code, message } = error;
  if (code === 'not_found') return { code: 'blob_missing', message: 'The uploaded original is gone.' };
  if (OUTAGES.has(code)) return { code: 'internal_error', message, ...outage(error, attempt) };
  const retryInMs = pauseMs(attempt.failures, attempt);
  if (code === 'timeout') return { code, message: 'The file takes too long to be indexed.', retryInMs };
  return { code: 'internal_error', message, retryInMs };
}

/** Another try is for what may pass: a server that is overloaded or away, not a page that is gone. */
function fetchFailure({ message, cause }: FetchError, attempt: Attempt): Failure {
  const failure = { code: cause.code, message };
  if (!cause.isTransient) return failure;
  return { ...failure, retryInMs: Math.max(cause.retryAfterMs ?? 0, pauseMs(attempt.failures, attempt)) };
}

function providerFailure({ message, cause }: EmbeddingError, attempt: Attempt): Failure {
  const failure = { code: 'provider_error', message } as const;
  if (FINAL.has(cause.code)) return failure;
  const isAway = cause instanceof ProviderFailure && cause.away;
  if (isAway || OUTAGES.has(cause.code)) return { ...failure, ...outage(cause, attempt) };
  return { ...failure, retryInMs: Math.max(wishMs(cause), pauseMs(attempt.failures, attempt)) };
}

function outage(error: DomainError, attempt: Attempt): Pick<Failure, 'retryInMs' | 'outagePatienceMs'> {
  const retryInMs = Math.max(wishMs(error), pauseMs(attempt.postponements, attempt));
  return { retryInMs, outagePatienceMs: attempt.outagePatienceMs };
}

/** Never sooner than asked, and not all at the same moment. */
function wishMs({ retryAfterMs = 0 }: DomainError): number {
  return Math.min(LONGEST_WISH_MS, retryAfterMs) * (1 + Math.random() / 10);
}

/** With a first pause of 5 s about 5 s, 20 s, 80 s, then 5 min. */
export function pauseMs(before: number, { firstPauseMs }: Pick<Attempt, 'firstPauseMs'>): number {
  return Math.min(LONGEST_PAUSE_MS, firstPauseMs * 4 ** before) * (0.9 + Math.random() / 10);
}
