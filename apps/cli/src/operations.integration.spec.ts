import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { withConnection } from './database/connection.repository.js';
import { runCli } from './fixtures/run-cli.fixture.js';

describeWithServices('commands on a real database', () => {
  let database: TestDatabase;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    environment = { DATABASE_URL: database.url };
  });

  afterAll(() => database.drop());

  it('migrate: says what is missing, and then that nothing is', async () => {
    const empty = await createTestDatabase();
    try {
      const check = await runCli(['migrate', '--check', '--json'], { DATABASE_URL: empty.url });
      expect(check.exitCode).toBe(3);
      expect(check.json()['pending']).toContain('Roles1700000000000');
    } finally {
      await empty.drop();
    }
    expect(await runCli(['migrate', '--check'], environment)).toMatchObject({ exitCode: 0 });
    expect((await runCli(['migrate', '--json'], environment)).json()).toEqual({ applied: [] });
  });

  it('create-admin: the first one, one more, and never one over another', async () => {
    const create = (email: string, ...options: string[]) =>
      runCli(['create-admin', '--email', email, '--json', ...options], environment);
    expect((await create('first@example.com')).json()).toMatchObject({
      outcome: 'created',
      password: expect.any(String),
    });
    expect((await create('second@example.com')).json()).toMatchObject({ outcome: 'created' });
    expect(await create('FIRST@example.com')).toMatchObject({ exitCode: 5 });
    expect((await create('first@example.com', '--reset-password')).json()).toMatchObject({ outcome: 'reset' });
    const users = await withConnection(database.url, (connection) =>
      connection.query('select email, role from identity.users order by email'),
    );
    expect(users).toEqual(['first', 'second'].map((name) => ({ email: `${name}@example.com`, role: 'admin' })));
  });

  it('verify-indexes: finds what is gone and what is not used; reindex mends the latter', async () => {
    expect(await runCli(['verify-indexes'], environment)).toMatchObject({ exitCode: 0 });
    await withConnection(database.url, async (connection) => {
      await connection.query('drop index memory.documents_of_file');
      await connection.query(
        `update pg_index set indisvalid = false where indexrelid = 'chat.assistants_by_age'::regclass`,
      );
    });
    const report = await runCli(['verify-indexes', '--json'], environment);
    expect(report.exitCode).toBe(3);
    expect(report.json()).toMatchObject({
      missing: ['memory.documents_of_file'],
      invalid: ['chat.assistants_by_age'],
      unindexed: [],
    });
    expect((await runCli(['reindex', '--invalid', '--json'], environment)).json()).toMatchObject({
      rebuilt: ['chat.assistants_by_age'],
    });
    expect((await runCli(['verify-indexes', '--json'], environment)).json()).toMatchObject({ invalid: [] });
  });

  it('retention: removes what is old and nothing else, and only counts when asked', async () => {
    const statements = `
      insert into chat.conversations (id, tenant_id, user_id, title, updated_at)
        select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'x', now() - make_interval(days => days)
        from unnest(array[1, 40, 50]) as d(days)`;
    await withConnection(database.url, (connection) => connection.query(statements));
    const retain = async (...options: string[]) =>
      (await runCli(['retention', '--json', ...options], environment)).json();
    expect(await retain()).toEqual({ dryRun: false, removed: { jobs: 0 } });
    const counted = await retain('--conversations-days', '30', '--usage-days', '400', '--dry-run');
    expect(counted['removed']).toEqual({ jobs: 0, conversations: 2, usage: 0 });
    expect((await retain('--conversations-days', '30'))['removed']).toEqual({ jobs: 0, conversations: 2 });
    expect((await retain('--conversations-days', '0'))['removed']).toEqual({ jobs: 0, conversations: 1 });
  });

  it('doctor: says what is wrong and what to do about it', async () => {
    const run = await runCli(['doctor', '--json'], { ...environment, UPLOAD_DIR: '/proc/nothing' });
    expect(run.exitCode).toBe(3);
    const findings = run.json()['findings'] as { name: string; status: string; remedy?: string }[];
    const named = Object.fromEntries(findings.map((finding) => [finding.name, finding]));
    expect(named).toMatchObject({
      PostgreSQL: { status: 'ok' },
      migrations: { status: 'ok' },
      indexes: { status: 'failed', remedy: 'parley verify-indexes' },
      'file store': { status: 'failed' },
      RabbitMQ: { status: 'skipped' },
    });
  });
});
