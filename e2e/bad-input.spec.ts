import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@parley/testing';
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError, PermissionDeniedError } from 'openai';
import { ApiClient, type ApiRequest, type ExpectedError, expectError } from './support/api-client.js';
import { startEmbeddedSuite, type Suite } from './support/suite.js';

const NOBODYS = '0'.repeat(32);
const MIB = 2 ** 20;
const CHAT = '/v1/chat/completions';
const STORES = '/v1/vector_stores';
const ASSISTANTS = '/api/v1/assistants';
const CONVERSATIONS = '/api/v1/conversations';

const invalid = (param: string | null): ExpectedError => ({ status: 400, code: 'invalid_request', param });
const unsupported = (param: string): ExpectedError => ({ status: 400, code: 'unsupported_parameter', param });
const missing = (param: string | null): ExpectedError => ({ status: 404, code: 'not_found', param });
const noModel: ExpectedError = { status: 404, code: 'model_not_found', param: 'model' };

const say = (content: unknown) => ({ model: 'default', messages: [{ role: 'user', content }] });
const chat = (fields: object) => ({ ...say('Hello'), ...fields });
const searching = (tool: object) => chat({ tools: [{ type: 'file_search', ...tool }] });
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'x']));

let suite: Suite;
let api: ApiClient;
let client: OpenAI;

beforeAll(async () => {
  suite = await startEmbeddedSuite();
  api = new ApiClient(suite.baseUrl, suite.apiKey);
  client = new OpenAI({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey, maxRetries: 0 });
});
afterAll(() => suite?.stop());

async function refuses(method: string, path: string, request: ApiRequest, expected: ExpectedError): Promise<void> {
  expectError(path, await api.call(method, path, request), expected);
}

describe('A request for an answer', () => {
  const cases: [what: string, body: object, expected: ExpectedError][] = [
    ['without a model', { messages: [] }, invalid('model')],
    ['for a model that does not exist', chat({ model: 'gpt-nothing' }), noModel],
    ['for an assistant that does not exist', chat({ model: `asst_${NOBODYS}` }), noModel],
    ['for a malformed assistant', chat({ model: 'asst_1' }), noModel],
    ['without messages', { model: 'default' }, invalid('messages')],
    ['with no message at all', chat({ messages: [] }), invalid('messages')],
    ['with messages that are none', chat({ messages: 'Hello' }), invalid('messages')],
    ['with a message that is none', chat({ messages: [null] }), invalid('messages')],
    ['with too many messages', chat({ messages: Array(2049).fill(say('x').messages[0]) }), invalid('messages')],
    ['in a role that does not exist', chat({ messages: [{ role: 'king', content: 'x' }] }), invalid('messages.0.role')],
    ['with content of a wrong type', say(5), invalid('messages.0.content')],
    ['with a part of an unknown type', say([{ type: 'video' }]), invalid('messages.0.content')],
    [
      'with a result of no tool call',
      chat({ messages: [{ role: 'tool', content: 'x' }] }),
      invalid('messages.0.tool_call_id'),
    ],
    [
      'longer than the model takes',
      say('word '.repeat(100_000)),
      { status: 400, code: 'context_length_exceeded', param: 'messages' },
    ],
    ['with a number out of range', chat({ temperature: 2.5 }), invalid('temperature')],
    ['with a text in place of a number', chat({ temperature: '1' }), invalid('temperature')],
    ['with a text in place of a flag', chat({ stream: 'yes' }), invalid('stream')],
    ['with too many stop sequences', chat({ stop: ['a', 'b', 'c', 'd', 'e'] }), invalid('stop')],
    ['in a format that does not exist', chat({ response_format: { type: 'xml' } }), invalid('response_format.type')],
    [
      'in a schema that is not there',
      chat({ response_format: { type: 'json_schema' } }),
      invalid('response_format.json_schema'),
    ],
    ['for several answers', chat({ n: 2 }), unsupported('n')],
    ['with the old functions', chat({ functions: [{ name: 'f' }] }), unsupported('functions')],
    ['for spoken words', chat({ modalities: ['audio'] }), unsupported('modalities')],
    ['with a tool that is none', chat({ tools: [1] }), invalid('tools')],
    ['with a tool of an unknown type', chat({ tools: [{ type: 'shell' }] }), unsupported('tools.0.type')],
    [
      'with a function without a name',
      chat({ tools: [{ type: 'function', function: {} }] }),
      invalid('tools.0.function'),
    ],
    ['with a choice that is none', chat({ tool_choice: 'always' }), invalid('tool_choice')],
    ['from no vector store', searching({}), invalid('tools.0.vector_store_ids')],
    ['from a malformed vector store', searching({ vector_store_ids: ['x'] }), missing('tools.0.vector_store_ids.0')],
    [
      'from a vector store of nobody',
      searching({ vector_store_ids: [`vs_${NOBODYS}`] }),
      missing('tools.0.vector_store_ids'),
    ],
    ['with too many pairs of metadata', chat({ metadata: pairs(17) }), invalid('metadata')],
    ['with metadata under a long name', chat({ metadata: { ['k'.repeat(65)]: 'x' } }), invalid('metadata')],
    ['with metadata that is long', chat({ metadata: { k: 'x'.repeat(513) } }), invalid('metadata')],
    ['with metadata that is no text', chat({ metadata: { k: 1 } }), invalid('metadata')],
    ['in a malformed conversation', chat({ conversation_id: 'x' }), missing('conversation_id')],
    ['in a conversation of nobody', chat({ conversation_id: `conv_${NOBODYS}` }), missing('conversation_id')],
  ];

  it.each(cases)('is refused %s', (_what, body, expected) => refuses('POST', CHAT, { body }, expected));

  it.each(cases.filter(([, , { status }]) => status === 404))(
    'is refused %s before a stream begins',
    (_what, body, expected) => refuses('POST', CHAT, { body: { ...body, stream: true } }, expected),
  );

  it('may carry what clients send and Parley has no use for', async () => {
    const fields = {
      user: 'u',
      service_tier: 'auto',
      n: null,
      logit_bias: {},
      verbosity: 'low',
      unheard_of: { of: 1 },
    };
    expect((await api.call('POST', CHAT, { body: chat(fields) })).status).toBe(200);
  });
});

describe('A body', () => {
  const cases: [what: string, request: ApiRequest, status: number][] = [
    ['that is cut off', { body: '{"model":' }, 400],
    ['that is empty', { body: '' }, 400],
    ['that is a list', { body: '[]' }, 400],
    ['that is null', { body: 'null' }, 400],
    ['that is nested without end', { body: `{"metadata":${'['.repeat(50_000)}${']'.repeat(50_000)}}` }, 400],
    ['that reaches for prototypes', { body: '{"__proto__":{"admin":true}}' }, 400],
    ['that is not UTF-8', { body: Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) }, 400],
    ['that is too large', { body: `{"model":"${'x'.repeat(9 * MIB)}"}` }, 413],
    [
      'without a content type of its own',
      { body: '{"model":"default"}', type: 'application/x-www-form-urlencoded' },
      415,
    ],
    ['of plain text', { body: '{"model":"default"}', type: 'text/plain' }, 415],
    ['in XML', { body: '<model/>', type: 'application/xml' }, 415],
  ];

  it.each(cases)('%s is refused in both dialects', async (_what, request, status) => {
    for (const path of [CHAT, ASSISTANTS]) await refuses('POST', path, request, { ...invalid(null), status });
  });
});

describe('Credentials', () => {
  const refused = (code: string, status = 401): ExpectedError => ({ status, code });

  it.each([
    ['missing', { key: null }, 'missing_credentials'],
    ['in another scheme', { key: null, headers: { authorization: 'Basic YTpi' } }, 'missing_credentials'],
    ['unknown', { key: `pk_${NOBODYS}0000000000000000` }, 'invalid_credentials'],
    ['nonsense', { key: 'sk-nonsense' }, 'invalid_credentials'],
    ['signed by nobody', { key: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' }, 'invalid_credentials'],
  ])('that are %s are refused in both dialects', async (_what, request, code) => {
    for (const path of ['/v1/models', ASSISTANTS]) await refuses('GET', path, request, refused(code));
  });

  it('that have expired or were revoked are refused', async () => {
    const expiresAt = Math.floor(Date.now() / 1_000) + 2;
    const issue = async (fields: object) =>
      (await api.call('POST', '/api/v1/api-keys', { body: { name: 'short-lived', ...fields } })).json as {
        id: string;
        secret: string;
      };
    const expiring = await issue({ expires_at: expiresAt });
    const revoked = await issue({});
    const using = (key: string) => api.call('GET', '/v1/models', { key });
    expect([(await using(expiring.secret)).status, (await using(revoked.secret)).status]).toEqual([200, 200]);
    await api.call('DELETE', `/api/v1/api-keys/${revoked.id}`);
    expectError('/v1/models', await using(revoked.secret), refused('invalid_credentials'));
    await eventually(async () =>
      expectError('/v1/models', await using(expiring.secret), refused('invalid_credentials')),
    );
  });

  it('without the scope are refused, and the SDK has a class for each', async () => {
    const body = { name: 'reader', scopes: ['files:read'] };
    const { json } = await api.call('POST', '/api/v1/api-keys', { body });
    const key = json!['secret'] as string;
    for (const [path, request] of [
      [CHAT, say('Hello')],
      [ASSISTANTS, { name: 'x' }],
    ] as const)
      await refuses('POST', path, { key, body: request }, refused('insufficient_scope', 403));
    const answerTo = (apiKey: string, fields: object) =>
      client
        .withOptions({ apiKey })
        .chat.completions.create(chat(fields) as OpenAI.ChatCompletionCreateParamsNonStreaming);
    await expect(answerTo(key, {})).rejects.toBeInstanceOf(PermissionDeniedError);
    await expect(answerTo('pk_nothing', {})).rejects.toBeInstanceOf(AuthenticationError);
    await expect(answerTo(suite.apiKey, { model: 'nothing' })).rejects.toBeInstanceOf(NotFoundError);
    await expect(answerTo(suite.apiKey, { temperature: 9 })).rejects.toBeInstanceOf(BadRequestError);
  });
});

describe('An address', () => {
  it.each([
    ['/v1/files/', 'file-', 'file_id'],
    [`${STORES}/`, 'vs_', 'vector_store_id'],
    [`${ASSISTANTS}/`, 'asst_', 'assistant_id'],
    [`${CONVERSATIONS}/`, 'conv_', 'conversation_id'],
  ])('with an id of nobody is not found: %s', async (path, prefix, param) => {
    for (const method of ['GET', 'DELETE']) {
      await refuses(method, `${path}${prefix}${NOBODYS}`, {}, missing(null));
      for (const id of ['x', `${prefix}${'Z'.repeat(32)}`, '..%2f..', '%00', `'%20or%20'1'='1`])
        await refuses(method, `${path}${id}`, {}, missing(param));
    }
  });

  it('that nobody serves is not found, a wrong method is not allowed', async () => {
    for (const path of ['/v1/nothing', '/api/v1/nothing', '/v1/models/']) await refuses('GET', path, {}, missing(null));
    for (const path of ['/v1/files', ASSISTANTS]) {
      const answer = await api.call('PUT', path, { body: {} });
      expectError(path, answer, { ...invalid(null), status: 405 });
      expect(answer.headers.get('allow')).toContain('POST');
    }
  });

  it('that cannot be read is refused in its dialect', async () => {
    for (const path of ['/v1/files/%', '/api/v1/assistants/%']) await refuses('GET', path, {}, invalid(null));
    for (const path of ['/v1/files/', `${ASSISTANTS}/`])
      await refuses('GET', path + 'x'.repeat(50_000), {}, { ...invalid(null), status: 431 });
  });

  it.each(['/v1/files', STORES, ASSISTANTS, CONVERSATIONS, '/api/v1/api-keys', '/api/v1/users'])(
    'of a list wants a page that exists: %s',
    async (path) => {
      for (const query of ['limit=0', 'limit=x', 'limit=1.5', 'order=up', 'after=x', 'before=%00', 'after=a&after=b'])
        await refuses('GET', `${path}?${query}`, {}, invalid(query.split('=')[0]!));
    },
  );

  it('with a header twice is understood or refused, never a fault of ours', async () => {
    const { hostname, port } = new URL(suite.baseUrl);
    const send = async (lines: string[]) => {
      const socket = connect(Number(port), hostname);
      socket.write(
        `${['GET /v1/models HTTP/1.1', 'host: parley', 'connection: close', ...lines].join('\r\n')}\r\n\r\n`,
      );
      const [first] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return first.toString().split('\r\n')[0];
    };
    const key = `authorization: Bearer ${suite.apiKey}`;
    expect(await send([key, 'x-request-id: a', 'x-request-id: b', 'accept: x', 'accept: y'])).toContain('200');
    expect(await send(['authorization: Bearer nonsense', key])).toContain('401');
    expect(await send([key, 'content-length: 1', 'content-length: 2'])).toContain('400');
  });
});

describe('A resource', () => {
  const cases: [what: string, path: string, body: object, expected: ExpectedError][] = [
    ['a vector store under a long name', STORES, { name: 'x'.repeat(257) }, invalid('name')],
    ['a vector store with metadata of pairs', STORES, { metadata: { a: { b: 1 } } }, invalid('metadata')],
    [
      'a vector store that expires at no known time',
      STORES,
      { expires_after: { days: 1 } },
      invalid('expires_after.anchor'),
    ],
    ['a vector store of malformed files', STORES, { file_ids: ['x'] }, missing('file_ids.0')],
    ['a vector store of files of nobody', STORES, { file_ids: [`file-${NOBODYS}`] }, missing('file_ids.0')],
    ['a vector store of too many files', STORES, { file_ids: Array(501).fill('x') }, invalid('file_ids')],
    [
      'a vector store of tiny chunks',
      STORES,
      { chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 99, chunk_overlap_tokens: 0 } } },
      invalid('chunking_strategy.static.max_chunk_size_tokens'),
    ],
    ['an assistant without a name', ASSISTANTS, {}, invalid('name')],
    ['an assistant with a model of nobody', ASSISTANTS, { name: 'x', model: 'nothing' }, noModel],
    [
      'an assistant with a vector store of nobody',
      ASSISTANTS,
      { name: 'x', vector_store_ids: [`vs_${NOBODYS}`] },
      missing('vector_store_ids'),
    ],
    [
      'an assistant that writes without end',
      ASSISTANTS,
      { name: 'x', max_output_tokens: 1e12 },
      invalid('max_output_tokens'),
    ],
    [
      'a conversation with an assistant of nobody',
      CONVERSATIONS,
      { assistant_id: `asst_${NOBODYS}` },
      missing('assistant_id'),
    ],
    ['a conversation under a long title', CONVERSATIONS, { title: 'x'.repeat(257) }, invalid('title')],
    ['a key for everything and more', '/api/v1/api-keys', { name: 'x', scopes: ['root'] }, invalid('scopes')],
    ['a key that has expired already', '/api/v1/api-keys', { name: 'x', expires_at: 1 }, invalid('expires_at')],
    ['a user with a short password', '/api/v1/users', { email: 'a@b.example', password: 'short' }, invalid('password')],
    ['embeddings of nothing', '/v1/embeddings', { model: 'default', input: [] }, invalid('input')],
    ['embeddings of texts and tokens', '/v1/embeddings', { model: 'default', input: ['a', 1] }, invalid('input')],
    [
      'embeddings of too many texts',
      '/v1/embeddings',
      { model: 'default', input: Array(2049).fill('a') },
      invalid('input'),
    ],
    ['embeddings of another model', '/v1/embeddings', { model: 'nothing', input: 'a' }, noModel],
  ];

  it.each(cases)('is not made: %s', (_what, path, body, expected) => refuses('POST', path, { body }, expected));

  it('is made once: the address of a user is a conflict the second time', async () => {
    const body = { email: suite.adminEmail.toUpperCase(), password: 'a long enough password' };
    await refuses('POST', '/api/v1/users', { body }, { status: 409, code: 'conflict', param: 'email' });
  });
});

describe('A message to a conversation', () => {
  it('is refused when it is empty, too long or not to anybody', async () => {
    const id = await api.id('POST', CONVERSATIONS, { body: {} });
    const path = `${CONVERSATIONS}/${id}/messages`;
    await refuses('POST', path, { body: { content: '' } }, invalid('content'));
    await refuses(
      'POST',
      path,
      { body: { content: 'x'.repeat(4_001) } },
      { ...invalid('content'), code: 'message_too_long' },
    );
    await refuses('POST', path, { body: { content: 'x', model: 'nothing' } }, noModel);
    const nobodys = `${CONVERSATIONS}/conv_${NOBODYS}/messages`;
    await refuses('POST', nobodys, { body: { content: 'x' } }, missing('conversation_id'));
    await refuses('GET', nobodys, {}, missing(null));
  });
});

describe('A search', () => {
  const equal = (value: unknown, key: unknown = 'year') => ({ type: 'eq', key, value });
  let path: string;
  beforeAll(async () => {
    path = `${STORES}/${await api.id('POST', STORES, { body: { name: 'searched' } })}/search`;
  });

  it.each([
    ['for nothing', {}, 'query'],
    ['for an empty text', { query: '' }, 'query'],
    ['for too many texts', { query: Array(11).fill('x') }, 'query'],
    ['for too long a text', { query: 'x'.repeat(8_193) }, 'query'],
    ['for too many passages', { query: 'x', max_num_results: 51 }, 'max_num_results'],
    ['above a score of 1', { query: 'x', ranking_options: { score_threshold: 2 } }, 'ranking_options.score_threshold'],
    ['by a filter of an unknown type', { query: 'x', filters: { ...equal(1), type: 'like' } }, 'filters.type'],
    ['by a filter without a key', { query: 'x', filters: equal(1, 5) }, 'filters.key'],
    ['by a filter without a value', { query: 'x', filters: equal(null) }, 'filters.value'],
    ['by no filters at all', { query: 'x', filters: { type: 'and', filters: [] } }, 'filters.filters'],
    ['by a filter that is none', { query: 'x', filters: 'x' }, 'filters'],
  ])('is refused %s', (_what, body, param) => refuses('POST', path, { body }, invalid(param)));

  it.each(['!!! ???', "a & | ! ( ) : * <-> ' % \\", "'; drop table memory.chunks; --", '👩‍👩‍👧 שלום', 'a\u0000b\ud800'])(
    'finds nothing and breaks nothing: %j',
    async (query) => {
      const { status, json } = await api.call('POST', path, { body: { query, filters: equal("x' or 1=1", "k'") } });
      expect([status, json!['data']]).toEqual([200, []]);
    },
  );
});

describe('A text', () => {
  /** What is kept of it: NUL is no text, and half a character is told to be one that is missing. */
  const odd = 'a\u0000b\ud800 👩‍👩‍👧 שלום \u202emirror';
  const kept = 'ab\ufffd 👩‍👩‍👧 שלום \u202emirror';

  it('that PostgreSQL would refuse is kept without what makes it refuse, wherever it stands', async () => {
    const metadata = { [odd]: odd };
    const assistant = { name: odd, instructions: odd, metadata };
    expect((await api.call('POST', ASSISTANTS, { body: assistant })).json).toMatchObject({
      name: kept,
      instructions: kept,
      metadata: { [kept]: kept },
    });
    expect((await api.call('POST', STORES, { body: { name: odd, metadata } })).json).toMatchObject({
      name: kept,
      metadata: { [kept]: kept },
    });
    for (const [path, body] of [
      ['/api/v1/api-keys', { name: odd }],
      ['/api/v1/tenants', { name: odd, admin_email: 'odd@tenant.example', admin_password: 'long enough\u0000' }],
    ] as const)
      expect((await api.call('POST', path, { body })).json).toMatchObject(path.endsWith('keys') ? { name: kept } : {});
    const login = { email: odd, password: odd };
    await refuses(
      'POST',
      '/api/v1/auth/login',
      { key: null, body: login },
      { status: 401, code: 'invalid_credentials' },
    );
  });

  it('of a conversation reads the same ever after', async () => {
    const { json, status } = await api.call('POST', CHAT, { body: chat({ ...say(odd), metadata: { [odd]: odd } }) });
    expect(status).toBe(200);
    const conversation = `${CONVERSATIONS}/${json!['conversation_id'] as string}`;
    expect((await api.call('GET', conversation)).json!['title']).toContain('👩‍👩‍👧');
    const messages = await api.call('GET', `${conversation}/messages?order=asc`);
    expect((messages.json!['data'] as { content: string }[])[0]!.content).toBe(kept);
  });
});
