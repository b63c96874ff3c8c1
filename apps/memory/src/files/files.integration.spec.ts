import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DeleteFile, type FileView, GetFile, ListDocuments, ListFiles } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  type TestDatabase,
  type TestVhost,
} from '@parley/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { RunningMemory, someTenant } from '../fixtures/running-memory.fixture.js';

describeWithServices('files by message', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let uploadDir: string;
  let memory: RunningMemory;
  let sql: pg.Pool;

  beforeAll(async () => {
    uploadDir = await mkdtemp(join(tmpdir(), 'parley-memory-'));
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
    memory = await RunningMemory.start({ databaseUrl: database.url, rabbitmqUrl: vhost.url, uploadDir });
    sql = new pg.Pool({ connectionString: database.url, max: 1 });
  });
  afterAll(async () => {
    await sql?.end();
    await memory?.stop();
    await Promise.all([database?.drop(), vhost?.drop(), rm(uploadDir, { recursive: true, force: true })]);
  });

  const page = { limit: 20, order: 'asc' } as const;
  const idsOf = (files: FileView[]) => files.map(({ id }) => id);

  it('registers a file once, however often it is told to', async () => {
    const tenant = someTenant();
    const first = await memory.registerFile(tenant, { filename: 'a\0b.txt', bytes: 2 ** 40 });
    expect(first).toMatchObject({ filename: 'ab.txt', bytes: 2 ** 40, createdAt: expect.stringMatching(/Z$/) });
    const again = await Promise.all([1, 2, 3].map(() => memory.registerFile(tenant, { id: first.id, bytes: 1 })));
    for (const view of again) expect(view).toEqual(first);
    expect((await memory.ask(ListFiles, page, tenant)).data).toEqual([first]);
    await expect(memory.registerFile(someTenant(), { id: first.id })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('shows files page by page, in both directions, and by purpose', async () => {
    const tenant = someTenant();
    const ids: string[] = [];
    for (const purpose of ['assistants', 'batch', 'assistants', 'assistants'] as const) {
      ids.push((await memory.registerFile(tenant, { purpose })).id);
    }
    const list = (fields: object) => memory.ask(ListFiles, { ...page, ...fields }, tenant);
    const first = await list({ limit: 3 });
    expect([idsOf(first.data), first.hasMore]).toEqual([ids.slice(0, 3), true]);
    const second = await list({ limit: 3, after: ids[2] });
    expect([idsOf(second.data), second.hasMore]).toEqual([ids.slice(3), false]);
    expect(idsOf((await list({ before: ids[2] })).data)).toEqual(ids.slice(0, 2));
    expect(idsOf((await list({ order: 'desc', after: ids[2] })).data)).toEqual([ids[1], ids[0]]);
    expect(idsOf((await list({ purpose: 'batch' })).data)).toEqual([ids[1]]);
    const invalid = { code: 'invalid_request', param: 'after' };
    await expect(list({ after: uuidv7() })).rejects.toMatchObject(invalid);
    const foreign = await memory.registerFile(someTenant());
    await expect(list({ after: foreign.id })).rejects.toMatchObject(invalid);
  });

  it('knows no file of another tenant', async () => {
    const tenant = someTenant();
    const { id } = await memory.registerFile(tenant);
    const stranger = someTenant();
    const notFound = { code: 'not_found', message: 'No such file.' };
    await expect(memory.ask(GetFile, { id }, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(DeleteFile, { id }, stranger)).rejects.toMatchObject(notFound);
    expect((await memory.ask(ListFiles, page, stranger)).data).toEqual([]);
    expect(await memory.ask(GetFile, { id }, tenant)).toMatchObject({ id });
  });

  it('deletes files whose time is over, once, and no others', async () => {
    const { FileExpirer } = await import('./file-expirer.js');
    const expirer = memory.app.get(FileExpirer, { strict: false });
    const tenant = someTenant();
    const [over, later, never] = [
      await memory.registerFile(tenant, { expiresAfterSeconds: 3_600 }),
      await memory.registerFile(tenant, { expiresAfterSeconds: 7_200 }),
      await memory.registerFile(tenant),
    ];
    expect(Date.parse(over.expiresAt!) - Date.parse(over.createdAt)).toBe(3_600_000);
    expect(never).not.toHaveProperty('expiresAt');
    const { id: knowledgeBaseId } = await memory.createKnowledgeBase(tenant);
    await memory.addDocument(tenant, { knowledgeBaseId, fileId: over.id });
    expect(await expirer.expire()).toBe(0);
    await sql.query(`update memory.files set expires_at = now() - interval '1 s' where id = $1`, [over.id]);
    const turns = await Promise.all([1, 2, 3].map(() => expirer.expire()));
    expect(turns.reduce((sum, count) => sum + count)).toBe(1);
    expect(await memory.ask(ListFiles, page, tenant)).toEqual({ data: [later, never], hasMore: false });
    const { data } = await memory.ask(ListDocuments, { ...page, knowledgeBaseId }, tenant);
    expect(data).toEqual([]);
  });

  it('deletes once', async () => {
    const tenant = someTenant();
    const { id } = await memory.registerFile(tenant);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => memory.ask(DeleteFile, { id }, tenant)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'not_found' });
    }
  });
});
