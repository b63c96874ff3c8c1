import { describe, expect, it } from '@jest/globals';
import { deserializeError, DomainError, serializeError } from './errors.js';

describe('errors between processes', () => {
  it('keep code, message, field and waiting time', () => {
    const error = new DomainError('rate_limit_exceeded', 'Slow down.', { param: 'model', retryAfterMs: 1500 });
    const copy = deserializeError(JSON.parse(JSON.stringify(serializeError(error))));
    expect(copy).toMatchObject({
      code: 'rate_limit_exceeded',
      message: 'Slow down.',
      param: 'model',
      retryAfterMs: 1500,
    });
  });

  it('tell nothing of an unexpected failure', () => {
    expect(serializeError(new Error('password=hunter2'))).toEqual({
      code: 'internal_error',
      message: 'An internal error occurred.',
    });
  });

  it('turn codes of a newer peer into internal_error', () => {
    expect(deserializeError({ code: 'from_the_future' as never, message: 'x' }).code).toBe('internal_error');
  });
});
