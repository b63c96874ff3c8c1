import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type INestApplication, Logger } from '@nestjs/common';

describe('ErrorFilter', () => {
  const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const { startFailingApp } = await import('../fixtures/failing-app.fixture.js');
    app = await startFailingApp();
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    jest.restoreAllMocks();
  });

  it('tells nothing of an unknown error, and logs all of it', async () => {
    const response = await fetch(`${url}/v1/broken`);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      error: { message: 'An internal error occurred.', type: 'server_error', param: null, code: 'internal_error' },
    });
    expect(error).toHaveBeenLastCalledWith(expect.stringContaining('hunter2'));
    expect(error).toHaveBeenLastCalledWith(expect.stringContaining('failing-app.fixture'));
  });

  it('says when to try again, in seconds and milliseconds', async () => {
    const { status, headers } = await fetch(`${url}/v1/busy`);
    expect([status, headers.get('retry-after'), headers.get('retry-after-ms')]).toEqual([503, '2', '1200']);
  });

  it('keeps SDKs from trying a conflict again', async () => {
    const { status, headers } = await fetch(`${url}/v1/conflict`);
    expect([status, headers.get('x-should-retry')]).toEqual([409, 'false']);
  });

  it('breaks a stream off that fails half-way, so that it does not look whole', async () => {
    const response = await fetch(`${url}/v1/half-way`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('answers for a handler that took the socket over and failed before its first byte', async () => {
    const response = await fetch(`${url}/v1/before`);
    expect([response.status, response.headers.get('x-request-id')]).toEqual([504, expect.any(String)]);
    expect(await response.json()).toMatchObject({ error: { code: 'timeout' } });
  });

  it('leaves an answer alone that is complete', async () => {
    expect(await (await fetch(`${url}/v1/after`)).text()).toBe('all of it');
  });

  it('names the field of a nested fault as the client wrote it', async () => {
    const body = JSON.stringify({ messages: [{ role: 'user' }, { role: 'king' }] });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: {
        message: 'messages.1.role must be one of the following values: user, assistant.',
        type: 'invalid_request_error',
        param: 'messages.1.role',
        code: 'invalid_request',
      },
    });
  });

  it('lets handlers with a body run in the scope of their request', async () => {
    const headers = { 'content-type': 'application/json', 'x-request-id': 'mine' };
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: '{"messages":[]}' });
    expect(await response.json()).toEqual({ requestId: 'mine' });
  });
});
