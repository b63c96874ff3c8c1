import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createTestDatabase, describeWithServices, eventually, type TestDatabase } from '@parley/testing';
import pg from 'pg';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './migrations/index.js';

describeWithServices('migrate', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    return client;
  }

  it('applies every migration once, also when two runs start at the same moment', async () => {
    const reports = await Promise.all([migrate(database.url), migrate(database.url)]);
    const applied = reports.flatMap((report) => report.applied);
    expect(applied).toEqual(MIGRATIONS.map((migration) => new migration().name));
    expect(await migrate(database.url)).toEqual({ applied: [] });
  });

  it('waits for a table in use a little at a time, so that others need not wait behind it, and tries again', async () => {
    await migrate(database.url);
    const [holder, reader] = await Promise.all([connect(), connect()]);
    await holder.query(`delete from parley_migrations where name = 'RunVariants1700000000690';
      alter table chat.runs drop column variants; drop function chat.variant_statistics`);
    await holder.query('begin; lock table chat.runs in access share mode');
    const options = { lockTimeoutMs: 50, attempts: 2 };
    await expect(migrate(database.url, options)).rejects.toMatchObject({ code: '55P03' });
    const migrating = migrate(database.url, { lockTimeoutMs: 50, attempts: 10 });
    await eventually(async () => {
      const { rows } = await reader.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%add column variants%'`,
      );
      expect(rows).toHaveLength(1);
    });
    await reader.query('select count(*) from chat.runs');
    await holder.query('commit');
    expect(await migrating).toEqual({ applied: ['RunVariants1700000000690'] });
    await Promise.all([holder.end(), reader.end()]);
  });
});
