import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatId, ListModels } from '@parley/contracts';
import OpenAI from 'openai';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const ASSISTANT = '0198c0de-0000-7000-8000-00000000a551';
const CREATED = '2026-01-02T03:04:05.678Z';

describe('/v1/models', () => {
  let app: RoutesApp;
  let client: OpenAI;

  beforeAll(async () => {
    app = await createRoutesApp();
    client = new OpenAI({ apiKey: 'pk_test', baseURL: `${app.url}/v1`, maxRetries: 0 });
    app.bus.on(ListModels, () => [
      { id: 'meta/llama-3.1', assistant: false, ownedBy: 'stub', createdAt: CREATED },
      { id: ASSISTANT, assistant: true, ownedBy: 'parley', createdAt: CREATED },
    ]);
  });
  afterAll(() => app.close());

  const assistant = { id: formatId('assistant', ASSISTANT), object: 'model', created: 1767323045, owned_by: 'parley' };

  it('lists the provider’s models and one per assistant', async () => {
    const models = await client.models.list();
    expect(models.data).toEqual([
      { id: 'meta/llama-3.1', object: 'model', created: 1767323045, owned_by: 'stub' },
      assistant,
    ]);
  });

  it('gets one', async () => {
    expect(await client.models.retrieve(assistant.id)).toEqual(assistant);
  });

  it('gets one with a slash in its name, encoded or not', async () => {
    expect((await client.models.retrieve('meta/llama-3.1')).id).toBe('meta/llama-3.1');
    expect(await (await fetch(`${app.url}/v1/models/meta/llama-3.1`)).json()).toMatchObject({ id: 'meta/llama-3.1' });
  });

  it('answers model_not_found for others', async () => {
    await expect(client.models.retrieve('gpt-9')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });
});
