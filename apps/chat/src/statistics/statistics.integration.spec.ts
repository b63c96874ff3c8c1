import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { Database, migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { someTenant } from '../fixtures/samples.js';

// First of all: Jest cannot load CommonJS packages while the ES modules that they require are being loaded.
await import('@nestjs/common');
const { StatisticsRepository } = await import('./statistics.repository.js');

describeWithServices('statistics of answers', () => {
  let test: TestDatabase;
  let sql: Client;
  let database: Database;
  const mine = someTenant();
  const other = someTenant();

  beforeAll(async () => {
    test = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    sql = new Client(test.url);
    await sql.connect();
    database = new Database({
      ...{ url: test.url, role: 'parley_chat', schema: 'chat', entities: [], poolSize: 2, statementTimeoutMs: 10_000 },
    });
    const ended = { firstTokenMs: 400, totalMs: 2_400, tokens: 100, costMicros: 500 };
    await run(mine, { status: 'completed', ...ended });
    await run(mine, { status: 'incomplete', ...ended, firstTokenMs: 600, costMicros: null });
    await run(mine, { status: 'failed', errorCode: 'provider_error' });
    await run(other, { status: 'interrupted', errorCode: 'stream_interrupted' });
    await run(other, { status: 'cancelled', ...ended, firstTokenMs: 800 });
    await run(other, { status: 'in_progress', endedAgo: null });
    await run(mine, { status: 'failed', errorCode: 'timeout', endedAgo: '2 hours' });
    await sql.query(
      `insert into chat.usage_records (id, tenant_id, user_id, purpose, provider, model, usage_estimated, characters, cost_micros)
       values ($1, $2, $3, 'speech', 'openai', 'tts-1', false, 11, 165)`,
      [uuidv7(), mine.tenantId, mine.userId],
    );
  });
  afterAll(async () => {
    await database?.onApplicationShutdown();
    await sql?.end();
    await test?.drop();
  });

  interface Ended {
    status: string;
    errorCode?: string;
    firstTokenMs?: number;
    totalMs?: number;
    tokens?: number;
    costMicros?: number | null;
    endedAgo?: string | null;
    variants?: string[];
  }

  async function run({ tenantId, userId }: TenantContext, ended: Ended): Promise<void> {
    const { status, errorCode, firstTokenMs, totalMs, tokens, costMicros, endedAgo = '10 seconds', variants } = ended;
    await sql.query(
      `insert into chat.runs (id, tenant_id, user_id, status, provider, model, error_code, first_token_ms, total_ms,
         completion_tokens, prompt_tokens, cost_micros, created_at, finished_at, metadata, owner, variants)
       values ($1, $2, $3, $4, 'openai', 'gpt-4o', $5, $6, $7, $8, $8, $9, now() - coalesce($10, '1 minute')::interval,
         now() - $10::interval, '{}', $11, $12)`,
      [
        uuidv7(),
        tenantId,
        userId,
        status,
        errorCode,
        firstTokenMs,
        totalMs,
        tokens,
        costMicros,
        endedAgo,
        uuidv7(),
        variants,
      ],
    );
  }

  it('are those of all tenants and of the time asked for', async () => {
    const repository = new StatisticsRepository(database);
    expect(await repository.streaming(300)).toEqual({
      ...{ windowSeconds: 300, active: 1, completed: 2, cancelled: 1, failed: 1, interrupted: 1 },
      firstTokenMs: { average: 600, p50: 600, p95: 780 },
      totalMs: { average: 2_400, p50: 2_400, p95: 2_400 },
      tokensPerSecond: expect.closeTo(300 / 5.4, 3),
      errors: expect.arrayContaining([
        { code: 'provider_error', count: 1 },
        { code: 'stream_interrupted', count: 1 },
      ]),
    });
    expect((await repository.streaming(86_400)).failed).toBe(2);
  });

  it('of a variant are those of its runs, of all tenants, since a time', async () => {
    const repository = new StatisticsRepository(database);
    const on = ['canary:on', 'streaming:on'];
    const ended = { totalMs: 2_000, tokens: 10, endedAgo: '50 days' };
    await run(mine, { ...ended, status: 'completed', firstTokenMs: 300, variants: on });
    await run(other, { ...ended, status: 'incomplete', firstTokenMs: 500, variants: on });
    await run(other, { ...ended, status: 'failed', variants: ['canary:on'] });
    await run(other, { ...ended, status: 'interrupted', variants: ['canary:on'], endedAgo: '90 days' });
    await run(mine, { ...ended, status: 'cancelled', firstTokenMs: 100, variants: ['canary:off'] });
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    expect(
      await repository.variants([
        { variant: 'canary:on', since: daysAgo(60) },
        { variant: 'canary:on', since: daysAgo(100) },
        { variant: 'canary:off', since: daysAgo(60) },
        { variant: 'other:on', since: daysAgo(60) },
      ]),
    ).toEqual([
      { completed: 2, cancelled: 0, failed: 1, interrupted: 0, answered: 2, firstTokenMs: 800 },
      { completed: 2, cancelled: 0, failed: 1, interrupted: 1, answered: 2, firstTokenMs: 800 },
      { completed: 0, cancelled: 1, failed: 0, interrupted: 0, answered: 1, firstTokenMs: 100 },
      { completed: 0, cancelled: 0, failed: 0, interrupted: 0, answered: 0, firstTokenMs: 0 },
    ]);
  });

  it('of use are those of the tenant, runs and what is asked beside them', async () => {
    const repository = new StatisticsRepository(database);
    const time = {
      from: new Date(Date.now() - 86_400_000).toISOString(),
      to: new Date(Date.now() + 60_000).toISOString(),
    };
    const none = {
      failures: 0,
      promptTokens: 0,
      completionTokens: 0,
      characters: 0,
      unpriced: 0,
      averageFirstTokenMs: null,
    };
    expect(await repository.usage(mine, { ...time, groupBy: 'model' })).toEqual([
      {
        ...{ key: 'openai/gpt-4o', requests: 4, failures: 2, promptTokens: 200, completionTokens: 200, characters: 0 },
        ...{ costMicros: 500, unpriced: 3, averageFirstTokenMs: 500 },
      },
      { ...none, key: 'openai/tts-1', requests: 1, characters: 11, costMicros: 165 },
    ]);
    expect(await repository.usage(other, { ...time, groupBy: 'purpose' })).toMatchObject([
      { key: 'answer', requests: 3 },
    ]);
    expect(await repository.usage(mine, { ...time, groupBy: 'user' })).toMatchObject([
      { key: mine.userId, requests: 5 },
    ]);
    expect(await repository.usage(mine, { ...time, groupBy: 'assistant' })).toMatchObject([{ key: null }]);
    const days = await repository.usage(mine, { ...time, groupBy: 'day' });
    expect(days.reduce((sum, { costMicros }) => sum + costMicros, 0)).toBe(665);
  });
});
