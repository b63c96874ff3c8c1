import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { type AuditChain } from './database/audit.repository.js';
import { withConnection } from './database/connection.repository.js';
import { runCli } from './fixtures/run-cli.fixture.js';

const TENANT = '0198c0de-0000-7000-8000-00000000000a';

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
    expect(await retain()).toEqual({ dryRun: false, removed: { jobs: 0, audit: 0 } });
    const counted = await retain('--conversations-days', '30', '--usage-days', '400', '--dry-run');
    expect(counted['removed']).toEqual({ jobs: 0, conversations: 2, usage: 0, audit: 0 });
    expect((await retain('--conversations-days', '30'))['removed']).toMatchObject({ conversations: 2 });
    expect((await retain('--conversations-days', '0'))['removed']).toMatchObject({ conversations: 1 });
  });

  it('audit verify: finds what was changed, taken out, or taken off the end; retention leaves a chain', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-audit-'));
    const query = (statement: string) =>
      withConnection(database.url, (connection) => connection.query<Record<string, unknown>>(statement));
    const verify = async (...options: string[]) => {
      const run = await runCli(['audit', 'verify', '--json', ...options], environment);
      return { exitCode: run.exitCode, ...run.json() } as { exitCode: number; chains: AuditChain[]; faults: string[] };
    };
    try {
      await query(`insert into identity.tenants (id, name) values ('${TENANT}', 'audited')`);
      await query(
        `select set_config('parley.tenant_id', '${TENANT}', false),
           identity.append_audit('${TENANT}', 'user.create', jsonb_build_object('n', n)) from generate_series(1, 6) n`,
      );
      const sound = await verify();
      expect(sound).toMatchObject({
        exitCode: 0,
        chains: [{ tenantId: TENANT, events: 6, newest: 6, brokenAt: null }],
      });
      const report = join(folder, 'audit.json');
      await writeFile(report, JSON.stringify(sound));
      expect(await verify('--since', report)).toMatchObject({ exitCode: 0, faults: [] });

      await query(`update identity.audit_events set at = now() - interval '100 days' where sequence <= 2`);
      expect(await verify()).toMatchObject({ exitCode: 3, chains: [{ brokenAt: 1 }] });
      const old = await runCli(['retention', '--audit-days', '90', '--json'], environment);
      expect(old.json()['removed']).toMatchObject({ audit: 2 });
      expect(await verify('--since', report)).toMatchObject({ exitCode: 0, chains: [{ events: 4, newest: 6 }] });
      expect(await runCli(['retention', '--audit-days', '30'], environment)).toMatchObject({ exitCode: 2 });

      await query('delete from identity.audit_events where sequence = 6');
      expect(await verify()).toMatchObject({ exitCode: 0 });
      expect(await verify('--since', report)).toMatchObject({
        exitCode: 3,
        faults: [expect.stringMatching(/event 6/)],
      });
      await query('delete from identity.audit_events where sequence = 4');
      expect(await verify()).toMatchObject({ exitCode: 3, chains: [{ brokenAt: 5 }] });
      expect(await runCli(['audit', 'verify', '--since', '/proc/nothing'], environment)).toMatchObject({ exitCode: 2 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
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
