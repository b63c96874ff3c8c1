import { describe, expect, it } from '@jest/globals';
import { DomainError, type ErrorCode } from '@parley/contracts';
import { EgressError } from '@parley/egress';
import { ProviderFailure } from '@parley/llm';
import { IngestionError } from '../parsing/ingestion-error.js';
import { EmbeddingError, failureOf, FetchError } from './failure.js';

const attempt = (failures = 0, postponements = 0) => ({
  ...{ failures, postponements },
  ...{ firstPauseMs: 5_000, outagePatienceMs: 60_000 },
});
const refused = (code: ErrorCode, message: string, options = {}) =>
  new EmbeddingError(new DomainError(code, message, options));
const away = new EmbeddingError(new ProviderFailure('provider_error', 'It is away.', { away: true }));
const pauseOf = (error: unknown, ...before: [number?, number?]) => failureOf(error, attempt(...before)).retryInMs!;

const fetchFailed = (...error: ConstructorParameters<typeof EgressError>) => new FetchError(new EgressError(...error));

describe('failureOf', () => {
  it('is final for a file that cannot be read, and says why', () => {
    const failure = failureOf(new IngestionError('encrypted', 'The file needs a password.'), attempt());
    expect(failure).toEqual({ code: 'encrypted', message: 'The file needs a password.' });
  });

  it('is final for what another try would not change', () => {
    const gone = failureOf(DomainError.notFound('stored file'), attempt());
    expect(gone).toEqual({ code: 'blob_missing', message: 'The uploaded original is gone.' });
    const unknown = failureOf(refused('model_not_found', 'No such model.'), attempt());
    expect(unknown).toEqual({ code: 'provider_error', message: 'The text could not be embedded: No such model.' });
  });

  it('is final for a page that is gone or refused, and tried again when its server may recover', () => {
    const gone = failureOf(
      fetchFailed('http_error', 'The server answered with status 410.', { status: 410 }),
      attempt(),
    );
    expect(gone).toEqual({ code: 'http_error', message: 'The server answered with status 410.' });
    const busy = { status: 503, isTransient: true, retryAfterMs: 120_000 };
    expect(pauseOf(fetchFailed('http_error', 'The server answered with status 503.', busy))).toBe(120_000);
    const silent = fetchFailed('timeout', 'example.org takes too long to answer.', { isTransient: true });
    expect(pauseOf(silent, 2)).toBeGreaterThan(pauseOf(silent));
  });

  it('is tried again after a growing, bounded pause', () => {
    const outage = refused('provider_error', 'It is down.');
    expect(pauseOf(outage)).toBeGreaterThan(4_000);
    expect(pauseOf(outage, 1)).toBeGreaterThan(pauseOf(outage, 0));
    expect(pauseOf(outage, 50)).toBeLessThanOrEqual(300_000);
    expect(pauseOf(away, 50, 0)).toBeLessThanOrEqual(5_000);
    expect(pauseOf(away, 0, 1)).toBeGreaterThan(pauseOf(away, 0, 0));
  });

  it('waits as long as the provider asks for, within reason', () => {
    const limited = (retryAfterMs: number) => refused('provider_rate_limited', 'Slow down.', { retryAfterMs });
    expect(pauseOf(limited(1_800_000))).toBeGreaterThanOrEqual(1_800_000);
    expect(pauseOf(limited(1_800_000))).toBeLessThanOrEqual(2_000_000);
    expect(pauseOf(limited(86_400_000))).toBeLessThanOrEqual(4_000_000);
  });

  it.each([
    ['a rate limit', refused('provider_rate_limited', 'Slow down.')],
    ['a provider that is given a pause', refused('service_unavailable', 'It is being given a pause.')],
    ['a provider that is away', away],
    ['a store that is away', new DomainError('service_unavailable', 'The file store cannot be reached.')],
  ])('has patience with %s, which is not the fault of the document', (_what, error) => {
    expect(failureOf(error, attempt())).toMatchObject({ retryInMs: expect.any(Number), outagePatienceMs: 60_000 });
  });

  it('has no such patience when the provider answers, and fails', () => {
    expect(failureOf(refused('provider_error', 'It failed with status 500.'), attempt())).toEqual({
      code: 'provider_error',
      message: 'The text could not be embedded: It failed with status 500.',
      retryInMs: expect.any(Number),
    });
  });

  it('blames the provider for its own failures only', () => {
    const store = new DomainError('service_unavailable', 'The file store cannot be reached.');
    expect(failureOf(store, attempt())).toEqual({
      code: 'internal_error',
      message: 'The file store cannot be reached.',
      retryInMs: expect.any(Number),
      outagePatienceMs: 60_000,
    });
  });

  it('says that a file took too long', () => {
    const failure = failureOf(new DomainError('timeout', 'The handler took too long.'), attempt());
    expect(failure).toMatchObject({ code: 'timeout', retryInMs: expect.any(Number) });
  });

  it('tells nothing of an unexpected error', () => {
    expect(failureOf(new Error('password=hunter2'), attempt())).toMatchObject({
      code: 'internal_error',
      message: 'An internal error occurred.',
      retryInMs: expect.any(Number),
    });
  });
});
