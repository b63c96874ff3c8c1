import { describe, expect, it } from '@jest/globals';
import { DomainError, ERROR_CODES } from '@parley/contracts';
import { errorResponseFor } from './error-response.js';
import { ERROR_TABLE } from './error-table.js';
import { faultOf } from './fault.js';

describe('The error table', () => {
  it('gives every code a status that fits its OpenAI type', () => {
    const typeOfStatus: Record<number, string> = {
      401: 'authentication_error',
      403: 'permission_error',
      429: 'rate_limit_error',
    };
    for (const code of ERROR_CODES) {
      const { status, openaiType, title } = ERROR_TABLE[code];
      if (status >= 500) expect([code, openaiType]).toEqual([code, 'server_error']);
      else expect([code, openaiType]).toEqual([code, typeOfStatus[status] ?? expect.stringMatching(/request|found/)]);
      expect(title).not.toBe('');
    }
  });

  it.each(ERROR_CODES)('tells %s in both dialects', (code) => {
    const fault = faultOf(new DomainError(code, 'What happened.', { param: 'model' }));
    expect(errorResponseFor('/v1/models', 'id', fault).body).toEqual({
      error: { message: 'What happened.', type: ERROR_TABLE[code].openaiType, param: 'model', code },
    });
    expect(errorResponseFor('/api/v1/users', 'id', fault).body).toEqual({
      type: `urn:parley:error:${code}`,
      title: ERROR_TABLE[code].title,
      status: ERROR_TABLE[code].status,
      detail: 'What happened.',
      code,
      param: 'model',
      request_id: 'id',
    });
  });

  it('rounds the waiting time up, never down to nothing', () => {
    const headersFor = (retryAfterMs?: number) =>
      errorResponseFor('/v1/x', 'id', faultOf(new DomainError('rate_limit_exceeded', '', { retryAfterMs }))).headers;
    expect(headersFor(1)).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '1' });
    expect(headersFor(2_001)).toMatchObject({ 'retry-after': '3', 'retry-after-ms': '2001' });
    expect(headersFor()).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '1000' });
  });
});
