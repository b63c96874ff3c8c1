import { describe, expect, it } from '@jest/globals';
import { DomainError, type ErrorCode } from '@parley/contracts';
import { IngestionError } from '../parsing/ingestion-error.js';
import { EmbeddingError, failureOf } from './failure.js';

const attempt = (number: number) => ({ number, firstPauseMs: 5_000 });
const refused = (code: ErrorCode, message: string, options = {}) =>
  new EmbeddingError(new DomainError(code, message, options));
const pauseOf = (error: unknown, number = 1) => failureOf(error, attempt(number)).retryAt!.getTime() - Date.now();

describe('failureOf', () => {
  it('is final for a file that cannot be read, and says why', () => {
    const failure = failureOf(new IngestionError('encrypted', 'The file needs a password.'), attempt(1));
    expect(failure).toEqual({ code: 'encrypted', message: 'The file needs a password.' });
  });

  it('is final for what another try would not change', () => {
    const gone = failureOf(DomainError.notFound('stored file'), attempt(1));
    expect(gone).toEqual({ code: 'blob_missing', message: 'The uploaded original is gone.' });
    const unknown = failureOf(refused('model_not_found', 'No such model.'), attempt(1));
    expect(unknown).toEqual({ code: 'provider_error', message: 'The text could not be embedded: No such model.' });
  });

  it('is tried again after a growing, bounded pause', () => {
    const outage = refused('provider_error', 'It is down.');
    expect(pauseOf(outage)).toBeGreaterThan(4_000);
    expect(pauseOf(outage, 2)).toBeGreaterThan(pauseOf(outage, 1));
    expect(pauseOf(outage, 50)).toBeLessThanOrEqual(300_000);
  });

  it('waits as long as the provider asks for', () => {
    const limited = refused('provider_rate_limited', 'Slow down.', { retryAfterMs: 60_000 });
    expect(pauseOf(limited)).toBeGreaterThan(59_000);
  });

  it('blames the provider for its own failures only', () => {
    const away = new DomainError('service_unavailable', 'The file store cannot be reached.');
    expect(failureOf(away, attempt(1))).toEqual({
      code: 'internal_error',
      message: 'The file store cannot be reached.',
      retryAt: expect.any(Date),
    });
  });

  it('says that a file took too long', () => {
    const failure = failureOf(new DomainError('timeout', 'The handler took too long.'), attempt(1));
    expect(failure).toMatchObject({ code: 'timeout', retryAt: expect.any(Date) });
  });

  it('tells nothing of an unexpected error', () => {
    expect(failureOf(new Error('password=hunter2'), attempt(1))).toMatchObject({
      code: 'internal_error',
      message: 'An internal error occurred.',
      retryAt: expect.any(Date),
    });
  });
});
