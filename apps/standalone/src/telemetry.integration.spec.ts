import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  eventually,
  type ProviderStub,
  startProviderStub,
  type TestDatabase,
  type TestVhost,
} from '@parley/testing';
import { type CollectedSpan, Collector } from './fixtures/collector.fixture.js';
import { type RunningSuite, startSuite } from './fixtures/running-suite.fixture.js';

const SECRET_QUESTION = 'Which colour has the zeppelin?';
const SECRET_TEXT = 'The zeppelin is painted crimson.';

describeWithServices('Telemetry of the suite', () => {
  const collector = new Collector();
  let database: TestDatabase;
  let vhost: TestVhost;
  let provider: ProviderStub;
  let suite: RunningSuite;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    vhost = await createTestVhost();
    provider = await startProviderStub();
    suite = await startSuite({
      DATABASE_URL: database.url,
      RABBITMQ_URL: vhost.url,
      OPENAI_BASE_URL: provider.baseUrl,
      OPENAI_API_KEY: provider.apiKey,
      OTEL_EXPORTER_OTLP_ENDPOINT: await collector.start(),
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      INGESTION_RETRY_PAUSE_MS: '100',
    });
  });

  afterAll(async () => {
    await suite.stop();
    collector.stop();
    await provider.close();
    await vhost.drop();
    await database.drop();
  });

  const traceparent = (traceId: string) => ({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` });

  /** `app: name` of each span from the root of the trace down to this one. */
  function pathTo(span: CollectedSpan, trace: CollectedSpan[]): string {
    const parent = trace.find(({ spanId }) => spanId === span.parentSpanId);
    const own = `${span.service.replace('parley-', '')}: ${span.name}`;
    return parent ? `${pathTo(parent, trace)} > ${own}` : own;
  }

  /** Waits until there are spans on these paths, which begin at the root of the trace. */
  async function expectPaths(traceId: string, paths: string[]): Promise<CollectedSpan[]> {
    await eventually(
      () => {
        const trace = collector.of(traceId);
        expect(trace.map((span) => pathTo(span, trace))).toEqual(expect.arrayContaining(paths));
      },
      { timeoutMs: 30_000 },
    );
    return collector.of(traceId);
  }

  const ATTACH = 'gateway: POST /v1/vector_stores/:vector_store_id/files';
  const ADD = `${ATTACH} > gateway: memory.add-document.v1 > memory: memory.add-document.v1 > memory: transaction`;
  let knowledgeBaseId: string;

  async function attach(text: string, traceId: string): Promise<void> {
    const form = new FormData();
    form.set('purpose', 'assistants');
    form.set('file', new Blob([text]), 'zeppelin.txt');
    const { body: file } = await suite.call('POST', '/v1/files', form);
    const path = `/v1/vector_stores/${knowledgeBaseId}/files`;
    const { status } = await suite.call('POST', path, { file_id: file['id'] }, traceparent(traceId));
    expect(status).toBe(200);
  }

  it('makes one trace of a document: request, outbox, broker, worker, provider', async () => {
    const { body } = await suite.call('POST', '/v1/vector_stores', { name: 'airships' });
    knowledgeBaseId = String(body['id']);
    const traceId = '1'.repeat(32);
    await attach(SECRET_TEXT, traceId);
    const ingest = `${ADD} > ingestion-worker: ingest document`;
    const trace = await expectPaths(traceId, [
      ATTACH,
      `${ADD} > memory: INSERT memory.outbox`,
      `${ADD} > memory: send ingestion-worker.ingest-document.v1 > ingestion-worker: process ingestion-worker.ingest-document.v1`,
      ingest,
      `${ingest} > ingestion-worker: read document`,
      `${ingest} > ingestion-worker: embed document > ingestion-worker: embeddings`,
      `${ingest} > ingestion-worker: index document > ingestion-worker: transaction > ingestion-worker: COMMIT`,
    ]);
    const wakeUp = trace.find(({ name }) => name === 'process ingestion-worker.ingest-document.v1');
    const attempt = trace.find(({ name }) => name === 'ingest document');
    expect(attempt?.links?.map(({ spanId }) => spanId)).toEqual([wakeUp?.spanId]);
    expect(attempt?.attributes).toMatchObject({ 'parley.attempt': 1, 'parley.outcome': 'completed' });
  });

  it('links a later attempt at a document to the first', async () => {
    const traceId = '3'.repeat(32);
    provider.failNext({ kind: 'status', status: 401 }, { route: 'embeddings' });
    await attach('The balloon is painted green.', traceId);
    await eventually(
      () => {
        const attempts = collector.of(traceId).filter(({ name }) => name === 'ingest document');
        const numbers = attempts.map(({ attributes }) => attributes['parley.attempt']);
        expect(numbers).toEqual([1, 2]);
        expect(attempts[1]?.links?.map(({ spanId }) => spanId)).toContain(attempts[0]?.spanId);
        expect(attempts[0]?.attributes['parley.outcome']).not.toBe('completed');
      },
      { timeoutMs: 30_000 },
    );
  });

  it('makes one trace of a question, to the provider and back, whose stream ends it', async () => {
    const traceId = '2'.repeat(32);
    const question = {
      model: 'stub-chat',
      stream: true,
      messages: [{ role: 'user', content: SECRET_QUESTION }],
      tools: [{ type: 'file_search', vector_store_ids: [knowledgeBaseId] }],
    };
    const { text } = await suite.call('POST', '/v1/chat/completions', question, traceparent(traceId));
    expect(text).toContain('[DONE]');
    const root = 'gateway: POST /v1/chat/completions';
    const start = `${root} > gateway: chat.start-run.v1 > chat: chat.start-run.v1`;
    const search = `${start} > chat: memory.search.v1 > memory: memory.search.v1`;
    const trace = await expectPaths(traceId, [
      root,
      `${start} > chat: transaction > chat: SELECT chat.begin_run`,
      `${search} > memory: embeddings`,
      `${search} > memory: search: search`,
      `${start} > chat: generate answer > chat: chat`,
      `${start} > chat: generate answer > chat: transaction > chat: SELECT chat.finish_run`,
    ]);
    expect(new Set(trace.map(({ traceId: id }) => id)).size).toBe(1);
    const named = (name: string) => trace.find((span) => span.name === name)!;
    const answer = named('generate answer');
    expect(BigInt(named('POST /v1/chat/completions').endTimeUnixNano)).toBeGreaterThan(
      BigInt(answer.endTimeUnixNano) - 1_000_000_000n,
    );
    const asked = provider.requests.findLast(({ route }) => route === 'chat');
    expect(asked?.headers['traceparent']).toBe(`00-${traceId}-${named('chat').spanId}-01`);
    expect(named('chat').attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'stub-chat',
      'gen_ai.usage.output_tokens': expect.anything(),
    });
  });

  it('tells nothing that people wrote, and names few spans', () => {
    const told = JSON.stringify(collector.spans);
    for (const secret of [SECRET_QUESTION, SECRET_TEXT, 'zeppelin.txt', provider.apiKey])
      expect(told).not.toContain(secret);
    const names = new Set(collector.spans.map(({ name }) => name));
    expect([...names].filter((name) => /[0-9a-f]{8}|\d{3}/.test(name))).toEqual([]);
  });

  it('lets the administrator of the first tenant alone change the log level', async () => {
    const path = '/api/v1/log-level';
    const { body: tenant } = await suite.call('POST', '/api/v1/tenants', {
      name: 'other',
      admin_email: 'other@example.com',
      admin_password: 'another correct horse battery',
    });
    const { secret } = tenant['api_key'] as { secret: string };
    const stranger = { authorization: `Bearer ${secret}` };
    expect(await suite.call('PUT', path, { level: 'debug' }, stranger)).toMatchObject({
      status: 403,
      body: { code: 'insufficient_scope' },
    });
    expect(await suite.call('PUT', path, { level: 'loud' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', param: 'level' },
    });
    expect((await suite.call('GET', path)).body).toMatchObject({ level: 'fatal', expires_at: null });
    const set = await suite.call('PUT', path, { level: 'error', expires_in_seconds: 60 });
    expect(set.body).toMatchObject({ object: 'log_level', level: 'error', configured_level: 'fatal' });
    expect((await suite.call('DELETE', path)).body).toMatchObject({ level: 'fatal', expires_at: null });
  });
});
