import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type AssistantView,
  CreateAssistant,
  DeleteAssistant,
  formatId,
  GetAssistant,
  ListAssistants,
  UpdateAssistant,
} from '@parley/contracts';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const STORE = '0198c0de-0000-7000-8000-00000000b001';
const ASSISTANT = '0198c0de-0000-7000-8000-00000000a551';

const assistant = (fields: Partial<AssistantView> = {}): AssistantView => ({
  id: ASSISTANT,
  name: 'Librarian',
  instructions: null,
  model: null,
  knowledgeBaseIds: [],
  retrievalMode: 'always',
  tools: [],
  temperature: null,
  maxOutputTokens: null,
  metadata: {},
  createdAt: '2026-01-02T03:04:05.678Z',
  ...fields,
});

describe('/api/v1/assistants', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  const call = async (method: string, path: string, body?: object) => {
    const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${app.url}/api/v1/assistants${path}`, init);
    return { status: response.status, body: await response.json() };
  };

  it('creates one with everything', async () => {
    app.bus.on(CreateAssistant, (request) => assistant(request as Partial<AssistantView>));
    const fields = {
      name: 'Librarian',
      instructions: 'Answer from the papers.',
      model: 'gpt-4o',
      vector_store_ids: [formatId('knowledgeBase', STORE)],
      retrieval_mode: 'auto',
      tools: [{ type: 'http', name: 'w', description: 'Sky', parameters: {}, url: 'https://api.example/{city}' }],
      temperature: 0,
      max_output_tokens: 500,
      metadata: { team: 'a' },
    };
    const { status, body } = await call('POST', '', fields);
    expect(status).toBe(201);
    const id = formatId('assistant', app.bus.asked(CreateAssistant)[0]!.id);
    expect(body).toEqual({ id, object: 'assistant', created_at: 1767323045, ...fields });
  });

  it.each(['PATCH', 'POST'])('changes with %s what is named alone; null clears', async (method) => {
    app.bus.on(UpdateAssistant, ({ id }) => assistant({ id }));
    const body = { instructions: null, model: 'default', vector_store_ids: null, temperature: null };
    const { status } = await call(method, `/${formatId('assistant', ASSISTANT)}`, body);
    expect(status).toBe(200);
    expect(app.bus.asked(UpdateAssistant)).toEqual([
      { id: ASSISTANT, instructions: null, model: null, knowledgeBaseIds: [], temperature: null },
    ]);
  });

  it('gets, lists and deletes', async () => {
    app.bus
      .on(GetAssistant, ({ id }) => assistant({ id }))
      .on(ListAssistants, () => ({ data: [assistant()], hasMore: true }))
      .on(DeleteAssistant, ({ id }) => ({ id, deleted: true }));
    const id = formatId('assistant', ASSISTANT);
    expect(await call('GET', `/${id}`)).toMatchObject({ status: 200, body: { id } });
    const list = await call('GET', `?limit=1&order=asc&after=${id}`);
    expect(list.body).toMatchObject({ object: 'list', first_id: id, last_id: id, has_more: true });
    expect(app.bus.asked(ListAssistants)).toEqual([{ limit: 1, order: 'asc', after: ASSISTANT }]);
    expect((await call('DELETE', `/${id}`)).body).toEqual({ id, object: 'assistant.deleted', deleted: true });
  });

  it.each([
    ['name', {}],
    ['name', { name: '' }],
    ['temperature', { name: 'x', temperature: 2.1 }],
    ['max_output_tokens', { name: 'x', max_output_tokens: 1.5 }],
    ['vector_store_ids', { name: 'x', vector_store_ids: 'vs_1' }],
    ['metadata', { name: 'x', metadata: [] }],
    ['retrieval_mode', { name: 'x', retrieval_mode: null }],
    [
      'tools.0.name',
      { name: 'x', tools: [{ type: 'http', name: 'file_search', description: 'x', parameters: {}, url: 'x' }] },
    ],
  ])('refuses a bad %s with problem details', async (param, body) => {
    const problem = { type: 'urn:parley:error:invalid_request', status: 400, code: 'invalid_request', param };
    expect(await call('POST', '', body)).toMatchObject({ status: 400, body: problem });
  });

  it('says which vector store does not exist', async () => {
    const { status, body } = await call('POST', '', { name: 'x', vector_store_ids: ['vs_1'] });
    expect([status, (body as { param: string }).param]).toEqual([404, 'vector_store_ids.0']);
  });
});
