import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BlobStore, createBlobDriver } from '@parley/blobs';
import { BlobsConfig, loadConfig } from '@parley/config';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  describeWithServices,
  queryPostgres,
  type S3Stub,
  startS3Stub,
  type TestDatabase,
  testServices,
} from '@parley/testing';
import { withConnection } from '../database/connection.repository.js';
import { runCli } from '../fixtures/run-cli.fixture.js';
import { type Manifest } from './manifest.js';
import { requireTool } from './postgres-tools.js';

/** The servers may run in containers, and this machine have no clients for them, or older ones. */
async function whyNoClients(): Promise<string | null> {
  if (!process.env['TEST_DATABASE_URL']) return null;
  const [server] = await queryPostgres<{ server_version: string }>(testServices().databaseUrl, 'show server_version');
  return requireTool('pg_dump', server!.server_version).then(
    () => null,
    (error: Error) => error.message,
  );
}

const noClients = await whyNoClients();
if (noClients) console.warn(`skipped: backup and restore: ${noClients}`);

(noClients ? describe.skip : describeWithServices)('backup and restore', () => {
  let folder: string;
  let s3: S3Stub;
  let source: TestDatabase;
  let tenantId: string;
  const databases: TestDatabase[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-backup-'));
    s3 = await startS3Stub();
    source = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    databases.push(source);
    tenantId = randomUUID();
    for (const content of ['first', 'second', 'third']) await addFile(content);
  });

  afterAll(async () => {
    for (const database of databases) await database.drop();
    await s3.close();
    await rm(folder, { recursive: true, force: true });
  });

  const fromSource = () => ({ DATABASE_URL: source.url, UPLOAD_DIR: join(folder, 'source') });
  const storeIn = async (name: string) => {
    const config = loadConfig({ blobs: BlobsConfig }, { UPLOAD_DIR: join(folder, name) }).blobs;
    return new BlobStore(await createBlobDriver(config));
  };
  const sql = <Row>(url: string, statement: string, parameters: unknown[] = []) =>
    withConnection(url, (connection) => connection.query<Row>(statement, parameters));

  async function addFile(content: string): Promise<string> {
    const id = randomUUID();
    const sha256 = createHash('sha256').update(content).digest('hex');
    await (await storeIn('source')).put(`${tenantId}/${id}`, Readable.from([Buffer.from(content)]));
    await sql(
      source.url,
      `insert into memory.files (id, tenant_id, filename, content_type, bytes, sha256, purpose, blob_key)
       values ($1, $2, $3, 'text/plain', $4, $5, 'assistants', $6)`,
      [id, tenantId, `${content}.txt`, content.length, sha256, `${tenantId}/${id}`],
    );
    return id;
  }

  const place = async (name: string, prepare?: (url: string) => Promise<unknown>) => {
    const database = await createTestDatabase(prepare ? { prepare } : {});
    databases.push(database);
    return { DATABASE_URL: database.url, UPLOAD_DIR: join(folder, name) };
  };
  const manifestOf = (run: { json(): Record<string, unknown> }) => run.json()['manifest'] as Manifest;
  const filesIn = async (environment: { DATABASE_URL: string }, name: string) => {
    const rows = await sql<{ blob_key: string }>(
      environment.DATABASE_URL,
      'select blob_key from memory.files order by filename',
    );
    const store = await storeIn(name);
    return Promise.all(rows.map(async ({ blob_key: key }) => text(await store.get(key))));
  };

  it('brings database and originals to another place, copies originals once, and finds what is damaged', async () => {
    const target = join(folder, 'backups');
    const first = await runCli(['backup', target, '--json'], fromSource());
    expect(first).toMatchObject({ exitCode: 0, err: '' });
    expect(manifestOf(first)).toMatchObject({
      blobs: { count: 3, problems: [] },
      postgres: { tables: { 'memory.files': 3 } },
    });
    await addFile('fourth');
    const second = await runCli(['backup', target, '--json'], fromSource());
    expect(second.json()['copied']).toMatchObject({ count: 1 });

    const there = await place('restored');
    const restored = await runCli(['restore', target, '--json'], there);
    expect(restored).toMatchObject({ exitCode: 0, err: '' });
    expect(restored.json()).toMatchObject({ differences: [], blobs: { copied: 4, present: 0, missing: [] } });
    expect(await filesIn(there, 'restored')).toEqual(['first', 'fourth', 'second', 'third']);
    expect(await migrate(there.DATABASE_URL)).toEqual({ applied: [] });
    expect(await runCli(['verify-indexes'], there)).toMatchObject({ exitCode: 0 });

    const refused = await runCli(['restore', target], there);
    expect(refused).toMatchObject({ exitCode: 5, err: expect.stringContaining('not empty') });
    const { id } = manifestOf(first);
    const forced = await runCli(['restore', target, '--id', id, '--force', '--json'], there);
    expect(forced.json()).toMatchObject({ id, differences: [], blobs: { copied: 0, present: 3 } });
    expect(await filesIn(there, 'restored')).toEqual(['first', 'second', 'third']);

    const [damaged] = await readdir(join(target, 'blobs', tenantId));
    await writeFile(join(target, 'blobs', tenantId, damaged!), 'wrong');
    expect(await runCli(['restore', target, '--check'], there)).toMatchObject({ exitCode: 3 });
    const elsewhere = await place('elsewhere');
    expect(await runCli(['restore', target], elsewhere)).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('nothing was restored'),
    });
    expect(await sql(elsewhere.DATABASE_URL, `select from pg_tables where schemaname = 'memory'`)).toEqual([]);
  });

  it('keeps backups in S3, takes none for whole that is not, and removes what is old', async () => {
    const settings = { S3_ENDPOINT: s3.endpoint, S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'b' };
    const target = 's3://safe/parley';
    const backUp = (...options: string[]) =>
      runCli(['backup', target, '--json', ...options], { ...fromSource(), ...settings });
    const [gone, kept] = [manifestOf(await backUp()).id, manifestOf(await backUp()).id];
    s3.objects.delete(`safe/parley/backups/${kept}/manifest.json`);
    const there = { ...(await place('from-s3')), ...settings };
    expect((await runCli(['restore', target, '--json'], there)).json()).toMatchObject({ id: gone, differences: [] });

    const listed = await runCli(['backup', target, '--list', '--json'], settings);
    expect(listed.json()['backups']).toMatchObject([
      { id: gone, whole: true },
      { id: kept, whole: false },
    ]);
    const pruning = await backUp('--keep-days', '0');
    expect(pruning.json()['pruned']).toEqual({ removed: [gone], blobs: 0 });
    expect(await runCli(['restore', target, '--check'], settings)).toMatchObject({ exitCode: 0 });
  });

  it('says which originals are missing, and puts those back that the store has lost', async () => {
    const target = join(folder, 'backups-of-loss');
    const lost = await addFile('lost');
    expect(await runCli(['backup', target], fromSource())).toMatchObject({ exitCode: 0 });
    await unlink(join(folder, 'source', tenantId, lost));
    const again = await runCli(['restore', target, '--originals-only', '--json'], fromSource());
    expect(again.json()).toMatchObject({ copied: 1, missing: [] });
    await unlink(join(folder, 'source', tenantId, lost));
    const without = await runCli(['backup', join(folder, 'new'), '--json'], fromSource());
    expect(without.exitCode).toBe(3);
    expect(manifestOf(without).blobs.problems).toEqual([{ key: `${tenantId}/${lost}`, reason: 'missing' }]);
  });

  it('refuses a login that does not see everything, and a second backup beside the first', async () => {
    const url = new URL(source.url);
    const login = `login_${randomUUID().replaceAll('-', '')}`;
    await sql(source.url, `create role ${login} login password 'secret' in role parley_memory`);
    await sql(source.url, `grant select on parley_migrations to ${login}`);
    [url.username, url.password] = [login, 'secret'];
    const blind = await runCli(['backup', join(folder, 'blind')], { ...fromSource(), DATABASE_URL: url.href });
    expect(blind).toMatchObject({ exitCode: 2, err: expect.stringContaining('does not see the rows') });
    await sql(source.url, `drop owned by ${login}`);
    await sql(source.url, `drop role ${login}`);
    await withConnection(source.url, async (connection) => {
      await connection.query('select pg_advisory_lock(7275391)');
      expect(await runCli(['backup', join(folder, 'blind')], fromSource())).toMatchObject({ exitCode: 5 });
    });
  });

  it('says that pg_dump is missing', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      const run = await runCli(['backup', join(folder, 'none')], fromSource());
      expect(run).toMatchObject({ exitCode: 2, err: expect.stringContaining('pg_dump is not installed') });
    } finally {
      process.env['PATH'] = path;
    }
  });
});
