import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { Client } from 'pg';
import { migrate } from './migrate.js';

const [BIG, SMALL] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
const USAGE = `select * from chat.tenant_usage('2026-01-01', '2026-02-01')`;

describeWithServices('The figures of tenants', () => {
  let database: TestDatabase;
  let sql: Client;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    sql = new Client({ connectionString: database.url });
    await sql.connect();
    for (const [id, name] of [
      [BIG, 'Big'],
      [SMALL, 'Small'],
    ]) {
      await sql.query('insert into identity.tenants (id, name) values ($1, $2)', [id, name]);
      await sql.query(
        `insert into identity.users (id, tenant_id, email, password_hash, role)
         values ($1, $1, $2 || '@example.com', 'x', 'admin')`,
        [id, name],
      );
    }
    const run = `insert into chat.runs
      (id, tenant_id, user_id, status, provider, model, owner, prompt_tokens, completion_tokens, cost_micros, created_at)
      values (gen_random_uuid(), $1, $1, $2, 'openai', 'm', $1, $3, $4, $5, $6)`;
    await sql.query(run, [BIG, 'completed', 100, 50, 700, '2026-01-10']);
    await sql.query(run, [BIG, 'failed', null, null, null, '2026-01-11']);
    await sql.query(run, [BIG, 'completed', 9_999, 9_999, 9_999, '2026-02-01']);
    await sql.query(
      `insert into chat.usage_records
         (id, tenant_id, user_id, purpose, provider, model, prompt_tokens, completion_tokens, usage_estimated, cost_micros, created_at)
       values (gen_random_uuid(), $1, $1, 'title', 'openai', 'm', 10, 5, false, 30, '2026-01-12')`,
      [BIG],
    );
  });
  afterAll(async () => {
    await sql?.end();
    await database?.drop();
  });

  const as = async (role: string, statement: string): Promise<unknown[]> => {
    await sql.query(`begin; set local role ${role}`);
    try {
      return (await sql.query(statement)).rows;
    } finally {
      await sql.query('rollback');
    }
  };

  it('are totals of a time for whoever watches the installation, with what titles and speech used', async () => {
    expect(await as('parley_monitor', USAGE)).toEqual([
      { tenant: 'Big', answers: '2', failed: '1', tokens: '165', cost_micros: '730' },
      { tenant: 'Small', answers: '0', failed: '0', tokens: '0', cost_micros: '0' },
    ]);
    expect(await as('parley_monitor', 'select * from memory.tenant_storage()')).toEqual([
      { tenant: 'Big', documents: '0', failed: '0', chunks: '0', bytes: '0' },
      { tenant: 'Small', documents: '0', failed: '0', chunks: '0', bytes: '0' },
    ]);
  });

  it.each(['chat.runs', 'chat.messages', 'identity.users', 'memory.documents'])(
    'give nobody who watches a look into %s',
    async (table) => {
      await expect(as('parley_monitor', `select * from ${table}`)).rejects.toThrow(/permission denied/);
    },
  );

  it.each(['parley_gateway', 'parley_chat', 'parley_memory', 'parley_worker'])(
    'are not for %s, which serves one tenant at a time',
    async (role) => {
      await expect(as(role, USAGE)).rejects.toThrow(/permission denied/);
      await expect(as(role, 'select * from memory.tenant_storage()')).rejects.toThrow(/permission denied/);
    },
  );
});
