import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type RunEvent, StartRun } from '@parley/contracts';
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
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { type RunningSuite } from '../fixtures/running-suite.fixture.js';
import { someRequest, someTenant } from '../fixtures/samples.js';

// First of all: Jest cannot load CommonJS packages while the ES modules that they require are being loaded.
await import('@nestjs/common');
const { startSuite } = await import('../fixtures/running-suite.fixture.js');

interface RunRow {
  status: string;
  conversation_id: string | null;
  message_id: string | null;
  [column: string]: unknown;
}

describeWithServices('runs on real services', () => {
  let database: TestDatabase;
  let broker: TestVhost;
  let provider: ProviderStub;
  let suite: RunningSuite;
  let sql: pg.Pool;

  beforeAll(async () => {
    [database, broker, provider] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
      startProviderStub(),
    ]);
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
    suite = await startSuite({
      databaseUrl: database.url,
      rabbitmqUrl: broker.url,
      providerUrl: provider.baseUrl,
    });
    await suite.addChat();
  });

  afterAll(async () => {
    await suite?.stop();
    await sql?.end();
    await provider?.close();
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  const runRow = async (runId: string): Promise<RunRow> =>
    (await sql.query<RunRow>('select * from chat.runs where id = $1', [runId])).rows[0]!;
  const messageText = async (messageId: string | null): Promise<string | undefined> =>
    (await sql.query<{ content: string }>('select content from chat.messages where id = $1', [messageId])).rows[0]
      ?.content;
  const textOf = (events: RunEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  const chatRequests = () => provider.requests.filter(({ route }) => route === 'chat').length;

  it('stores the answer with its citations before it tells that it is complete', async () => {
    const tenant = someTenant();
    provider.answer = 'The warranty lasts two years [1].';
    const { reply, read } = await suite.startRun(tenant, { retrieval: { knowledgeBaseIds: [uuidv7()] } });
    let atTheEnd: { run: RunRow; text: string | undefined } | undefined;
    const events = await read(async (event) => {
      if (event.type !== 'completed') return;
      atTheEnd = { run: await runRow(reply.runId), text: await messageText(reply.messageId) };
    });
    expect(textOf(events)).toBe('The warranty lasts two years [1].');
    expect(events.at(-1)).toMatchObject({
      type: 'completed',
      finishReason: 'stop',
      annotations: [{ type: 'file_citation', filename: 'handbook.pdf', quote: 'The warranty lasts two years.' }],
    });
    expect(atTheEnd).toMatchObject({
      run: {
        status: 'completed',
        provider: 'openai',
        model: 'stub-chat',
        finish_reason: 'stop',
        conversation_id: reply.conversationId,
        usage_estimated: false,
      },
      text: 'The warranty lasts two years [1].',
    });
    const { queue_ms, retrieval_ms, first_token_ms, total_ms } = atTheEnd!.run;
    for (const ms of [queue_ms, retrieval_ms, first_token_ms, total_ms]) expect(ms).toEqual(expect.any(Number));
  });

  it('generates once when a request is delivered twice, also to two instances', async () => {
    const tenant = someTenant();
    provider.answer = { tokens: ['one ', 'answer'], firstTokenDelayMs: 100 };
    const before = chatRequests();
    const request = someRequest({ streamAddress: suite.bus.streamAddress });
    const replies = await Promise.all(Array.from({ length: 6 }, () => suite.ask(StartRun, request, tenant)));
    await eventually(async () => expect((await runRow(request.runId)).status).toBe('completed'));
    replies.push(await suite.ask(StartRun, request, tenant));
    const firsts = replies.filter(({ isRepeated }) => !isRepeated);
    expect(firsts).toHaveLength(1);
    expect(replies).toEqual(replies.map(({ isRepeated }) => ({ ...firsts[0], ...(isRepeated && { isRepeated }) })));
    expect(chatRequests() - before).toBe(1);
    const { rows } = await sql.query('select role from chat.messages where conversation_id = $1', [
      replies[0]!.conversationId,
    ]);
    expect(rows).toHaveLength(2);
  });

  it('saves the text while it is being written', async () => {
    provider.answer = { tokens: Array.from({ length: 40 }, (_, i) => `word${i} `), intervalMs: 50 };
    const { reply, read } = await suite.startRun(someTenant());
    const reading = read();
    const partial = await eventually(async () => {
      const text = await messageText(reply.messageId);
      expect(text).toMatch(/^word0 word1 /);
      return text!;
    });
    expect((await runRow(reply.runId)).status).toBe('in_progress');
    const whole = textOf(await reading);
    expect(whole.length).toBeGreaterThan(partial.length);
    expect(await messageText(reply.messageId)).toBe(whole);
  });

  it('keeps what was written when the provider breaks off', async () => {
    provider.answer = { tokens: ['half ', 'an ', 'answer'], fault: { kind: 'cut-mid-stream', afterTokens: 2 } };
    const { reply, read } = await suite.startRun(someTenant());
    const events = await read();
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'provider_error' } });
    expect(await runRow(reply.runId)).toMatchObject({ status: 'failed', error_code: 'provider_error' });
    expect(await messageText(reply.messageId)).toBe('half an ');
  });

  it('leaves no texts behind when it is told not to store them', async () => {
    provider.answer = 'a secret answer';
    const tenant = someTenant();
    const { reply, read } = await suite.startRun(tenant, { store: false });
    await read();
    expect(reply).toMatchObject({ conversationId: null, messageId: null });
    expect(await runRow(reply.runId)).toMatchObject({ status: 'completed', completion_tokens: expect.any(Number) });
    for (const table of ['conversations', 'messages']) {
      const { rows } = await sql.query(`select 1 from chat.${table} where tenant_id = $1`, [tenant.tenantId]);
      expect(rows).toHaveLength(0);
    }
  });

  it('stores texts that Postgres does not take as they are', async () => {
    provider.answer = ['zero\u0000 ', 'half \ud83d', ' end'];
    const { reply, read } = await suite.startRun(someTenant(), {
      messages: [{ role: 'user', content: 'nul \u0000 and \udc00' }],
    });
    const events = await read();
    expect(events.at(-1)).toMatchObject({ type: 'completed' });
    expect(await messageText(reply.messageId)).toMatch(/^zero half .* end$/);
  });

  it('interrupts a run whose process died, with the text that was saved, and never writes it again', async () => {
    provider.answer = { tokens: Array.from({ length: 100 }, (_, i) => `word${i} `), intervalMs: 50 };
    const { reply, read } = await suite.startRun(someTenant());
    const reading = read();
    await eventually(async () => expect(await messageText(reply.messageId)).toContain('word1 '));
    const requests = chatRequests();
    const lastSign = `heartbeat_at = now() - interval '1 minute'`;
    await sql.query(`update chat.runs set owner = $2, ${lastSign} where id = $1`, [reply.runId, uuidv7()]);
    await eventually(
      async () =>
        expect(await runRow(reply.runId)).toMatchObject({
          status: 'interrupted',
          error_code: 'stream_interrupted',
          finished_at: expect.any(Date),
        }),
      { timeoutMs: 8_000 },
    );
    const saved = await messageText(reply.messageId);
    expect(saved).toContain('word1 ');
    const events = await reading;
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'stream_interrupted' } });
    expect((await runRow(reply.runId)).status).toBe('interrupted');
    expect(chatRequests()).toBe(requests);
  });

  it('does not interrupt a run that is long but alive', async () => {
    provider.answer = { tokens: ['slow ', 'but ', 'alive'], intervalMs: 3_500 };
    const { reply, read } = await suite.startRun(someTenant());
    await sql.query(`update chat.runs set heartbeat_at = now() - interval '4 seconds' where id = $1`, [reply.runId]);
    const events = await read();
    expect(events.at(-1)).toMatchObject({ type: 'completed' });
    expect((await runRow(reply.runId)).status).toBe('completed');
  });

  it('says when to come back when an instance is full', async () => {
    const vhost = await createTestVhost();
    const services = { databaseUrl: database.url, rabbitmqUrl: vhost.url, providerUrl: provider.baseUrl };
    const small = await startSuite(services);
    try {
      await small.chats.shift()!.close();
      await small.addChat({ CHAT_MAX_CONCURRENT_RUNS: '2' });
      provider.answer = { tokens: ['a ', 'b'], intervalMs: 1_000 };
      const runs = await Promise.all([small.startRun(someTenant()), small.startRun(someTenant())]);
      await expect(small.startRun(someTenant())).rejects.toMatchObject({
        code: 'service_unavailable',
        retryAfterMs: 1_000,
      });
      await Promise.all(runs.map(({ read }) => read()));
      await eventually(async () => expect((await small.startRun(someTenant())).reply.model).toBe('stub-chat'));
    } finally {
      await small.stop();
      await vhost.drop();
    }
  });

  it('finishes what is in flight when an instance stops, and loses no request to it', async () => {
    provider.answer = { tokens: Array.from({ length: 20 }, (_, i) => `word${i} `), intervalMs: 50 };
    const stopping = await suite.addChat();
    const runs = await Promise.all(Array.from({ length: 9 }, () => suite.startRun(someTenant())));
    const reading = Promise.all(runs.map(({ read }) => read()));
    const closed = stopping.close();
    const late = await Promise.all(Array.from({ length: 6 }, () => suite.startRun(someTenant())));
    suite.chats.splice(suite.chats.indexOf(stopping), 1);
    await closed;
    for (const events of [...(await reading), ...(await Promise.all(late.map(({ read }) => read())))]) {
      expect(events.at(-1)).toMatchObject({ type: 'completed' });
      expect(textOf(events)).toMatch(/^word0 .*word19 $/);
    }
  });
});
