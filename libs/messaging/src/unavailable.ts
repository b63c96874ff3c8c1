import { DomainError } from '@parley/contracts';

const RETRY_AFTER_MS = 2_000;

/** The broker or the addressee is away; another try makes sense soon. */
export function unavailable(message = 'The message broker cannot be reached.', cause?: unknown): DomainError {
  return new DomainError('service_unavailable', message, { retryAfterMs: RETRY_AFTER_MS, cause });
}
