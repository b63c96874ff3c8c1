import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chatProvider, KEY, run } from '../fixtures/chat-run.fixture.js';
import { answer, delta, failure, OpenAiStub, sse } from '../fixtures/openai-stub.fixture.js';
import { type LlmOptions } from '../llm-options.js';
import { type OpenAiChatProvider } from './openai.chat-provider.js';

let stub: OpenAiStub;
beforeAll(async () => {
  stub = await OpenAiStub.start();
});
afterAll(() => stub.stop());

function provider(options: Partial<LlmOptions> = {}): OpenAiChatProvider {
  return chatProvider(stub, options);
}

describe('errors', () => {
  it.each([
    [401, { message: `Incorrect API key provided: ${KEY}` }, 'provider_error'],
    [403, { message: 'Country not supported' }, 'provider_error'],
    [400, { message: `API key not valid: ${KEY}` }, 'provider_error'],
    [404, { message: 'The model `stub` does not exist', code: 'model_not_found' }, 'model_not_found'],
    [404, { message: 'model "stub" not found, try pulling it first' }, 'model_not_found'],
    [404, { message: 'Not Found' }, 'provider_error'],
    [400, { message: 'Invalid temperature', param: 'temperature' }, 'invalid_request'],
    [422, { message: 'Unprocessable' }, 'invalid_request'],
    [400, { message: 'Unknown field', param: 'max_tokens' }, 'provider_error'],
    [400, { message: 'too long', code: 'context_length_exceeded' }, 'context_length_exceeded'],
    [400, { message: "This model's maximum context length is 4096 tokens." }, 'context_length_exceeded'],
    [429, { message: 'Slow down' }, 'provider_rate_limited'],
    [429, { message: 'No credit', code: 'insufficient_quota' }, 'provider_rate_limited'],
    [500, { message: `crashed with ${KEY}` }, 'provider_error'],
  ])('of status %d saying %j become %s, never showing the key', async (status, error, code) => {
    stub.reply(failure(status, error));

    const thrown = (await run(provider({ maxRetries: 0 }))).error as Error;

    expect(thrown).toMatchObject({ code });
    expect(`${thrown.message} ${String(thrown.cause)}`).not.toContain(KEY);
  });

  it('name the parameter at fault', async () => {
    stub.reply(failure(400, { message: 'Invalid temperature', param: 'temperature' }));

    expect((await run(provider())).error).toMatchObject({
      param: 'temperature',
      message: expect.stringContaining('Invalid'),
    });
  });

  it('tell that nobody listens there', async () => {
    const { error } = await run(provider({ openaiBaseUrl: 'http://127.0.0.1:9/v1', maxRetries: 0 }));

    expect(error).toMatchObject({ code: 'provider_error' });
  });

  it('inside a stream end the run', async () => {
    stub.reply(sse(delta({ content: 'a' }), { error: { message: 'overloaded', type: 'server_error' } }));

    const { text, error } = await run(provider());

    expect(text).toBe('a');
    expect(error).toMatchObject({ code: 'provider_error' });
  });

  it('inside a stream are retried when nothing was said yet', async () => {
    stub.reply(sse({ error: { message: 'overloaded', type: 'server_error' } }), answer('ok'));

    expect((await run(provider())).text).toBe('ok');
  });

  it('of a wrong base URL do not look like an empty answer', async () => {
    stub.reply((response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Hello</html>'));

    expect((await run(provider({ maxRetries: 0 }))).error).toMatchObject({ code: 'provider_error' });
  });
});
