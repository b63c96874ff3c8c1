import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  CreateKnowledgeBase,
  DeleteKnowledgeBase,
  GetFile,
  GetKnowledgeBase,
  type KnowledgeBaseView,
  ListKnowledgeBases,
  Search,
  UpdateKnowledgeBase,
} from '@parley/contracts';
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

describeWithServices('knowledge bases by message', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let memory: RunningMemory;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
    memory = await RunningMemory.start({ databaseUrl: database.url, rabbitmqUrl: vhost.url, uploadDir: tmpdir() });
  });
  afterAll(async () => {
    await memory?.stop();
    await Promise.all([database?.drop(), vhost?.drop()]);
  });

  const page = { limit: 20, order: 'asc' } as const;
  const idsOf = (bases: KnowledgeBaseView[]) => bases.map(({ id }) => id);
  const NOTHING = { inProgress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 };

  it('creates one knowledge base, however often it is told to', async () => {
    const tenant = someTenant();
    const request = { id: uuidv7(), name: 'Laws\0', description: 'All of them', metadata: { area: 'a\ud800' } };
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => memory.ask(CreateKnowledgeBase, request, tenant)));
    expect(first).toEqual({
      id: request.id,
      name: 'Laws',
      description: 'All of them',
      metadata: { area: 'a\ufffd' },
      counts: NOTHING,
      usageBytes: 0,
      createdAt: expect.stringMatching(/Z$/),
      lastActiveAt: first!.createdAt,
    });
    for (const other of others) expect(other).toEqual(first);
    expect(await memory.createKnowledgeBase(tenant, request.id, 'Other name')).toEqual(first);
    await expect(memory.createKnowledgeBase(someTenant(), request.id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('shows them page by page', async () => {
    const tenant = someTenant();
    const ids: string[] = [];
    for (const name of ['one', 'two', 'three']) ids.push((await memory.createKnowledgeBase(tenant, uuidv7(), name)).id);
    const first = await memory.ask(ListKnowledgeBases, { ...page, limit: 2 }, tenant);
    expect([idsOf(first.data), first.hasMore]).toEqual([ids.slice(0, 2), true]);
    const second = await memory.ask(ListKnowledgeBases, { ...page, limit: 2, after: ids[1]! }, tenant);
    expect([idsOf(second.data), second.hasMore]).toEqual([ids.slice(2), false]);
  });

  it('changes what it is told and nothing else', async () => {
    const tenant = someTenant();
    const { id } = await memory.createKnowledgeBase(tenant);
    const changed = await memory.ask(UpdateKnowledgeBase, { id, metadata: { team: 'x' } }, tenant);
    expect(changed).toMatchObject({ name: 'Library', description: null, metadata: { team: 'x' } });
    const renamed = await memory.ask(UpdateKnowledgeBase, { id, name: 'Archive' }, tenant);
    expect(renamed).toMatchObject({ name: 'Archive', metadata: { team: 'x' } });
    expect(await memory.ask(UpdateKnowledgeBase, { id }, tenant)).toEqual(renamed);
  });

  it('counts its documents, and leaves their files when it is deleted', async () => {
    const tenant = someTenant();
    const { id } = await memory.createKnowledgeBase(tenant);
    const file = await memory.registerFile(tenant);
    await memory.addDocument(tenant, { knowledgeBaseId: id, fileId: file.id });
    const { counts } = await memory.ask(GetKnowledgeBase, { id }, tenant);
    expect(counts).toEqual({ ...NOTHING, inProgress: 1, total: 1 });
    expect(await memory.ask(DeleteKnowledgeBase, { id }, tenant)).toEqual({ id, deleted: true });
    await expect(memory.ask(DeleteKnowledgeBase, { id }, tenant)).rejects.toMatchObject({ code: 'not_found' });
    expect(await memory.ask(GetFile, { id: file.id }, tenant)).toEqual(file);
  });

  it('knows none of another tenant', async () => {
    const tenant = someTenant();
    const { id } = await memory.createKnowledgeBase(tenant);
    const stranger = someTenant();
    const notFound = { code: 'not_found', message: 'No such vector store.' };
    await expect(memory.ask(GetKnowledgeBase, { id }, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(UpdateKnowledgeBase, { id, name: 'mine' }, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(DeleteKnowledgeBase, { id }, stranger)).rejects.toMatchObject(notFound);
    const search = { knowledgeBaseIds: [id], queries: ['x'], maxResults: 5, scoreThreshold: 0 };
    await expect(memory.ask(Search, search, stranger)).rejects.toMatchObject({
      ...notFound,
      param: 'vector_store_ids',
    });
    expect(await memory.ask(ListKnowledgeBases, page, stranger)).toEqual({ data: [], hasMore: false });
    expect(await memory.ask(GetKnowledgeBase, { id }, tenant)).toMatchObject({ name: 'Library' });
  });

  it('expires, is neither searched nor added to, loses its contents, and can be given more time', async () => {
    const { KnowledgeBaseExpirer } = await import('./knowledge-base-expirer.js');
    const expirer = memory.app.get(KnowledgeBaseExpirer, { strict: false });
    const tenant = someTenant();
    const [id, other] = [uuidv7(), (await memory.createKnowledgeBase(tenant)).id];
    const request = { id, name: 'For a week', metadata: {}, expiresAfterDays: 7 };
    expect(await memory.ask(CreateKnowledgeBase, request, tenant)).toMatchObject({
      expiry: { days: 7, isExpired: false },
    });
    const { id: fileId } = await memory.registerFile(tenant);
    for (const knowledgeBaseId of [id, other]) await memory.addDocument(tenant, { knowledgeBaseId, fileId });
    expect(await expirer.expire()).toBe(0);
    const client = await connect(database.url);
    await client.query(
      `update memory.knowledge_bases set last_active_at = now() - interval '8 days' where tenant_id = $1`,
      [tenant.tenantId],
    );
    await client.end();

    const search = { knowledgeBaseIds: [other, id], queries: ['x'], maxResults: 5, scoreThreshold: 0 };
    const expired = { code: 'knowledge_base_expired' };
    await expect(memory.ask(Search, search, tenant)).rejects.toMatchObject({ ...expired, param: 'vector_store_ids' });
    await expect(memory.addDocument(tenant, { knowledgeBaseId: id, fileId })).rejects.toMatchObject(expired);
    const turns = await Promise.all([1, 2, 3].map(() => expirer.expire()));
    expect(turns.reduce((sum, count) => sum + count)).toBe(1);
    expect(await memory.ask(GetKnowledgeBase, { id }, tenant)).toMatchObject({
      counts: NOTHING,
      expiry: { isExpired: true },
    });
    expect((await memory.ask(GetKnowledgeBase, { id: other }, tenant)).counts.total).toBe(1);

    const renewed = await memory.ask(UpdateKnowledgeBase, { id, expiresAfterDays: 1 }, tenant);
    expect(renewed.expiry).toMatchObject({ days: 1, isExpired: false });
    expect(await memory.addDocument(tenant, { knowledgeBaseId: id, fileId })).toMatchObject({ fileId });
    const unlimited = await memory.ask(UpdateKnowledgeBase, { id, expiresAfterDays: null }, tenant);
    expect(unlimited).not.toHaveProperty('expiry');
  });

  it('finds nothing before anything is indexed, and notes that it was searched', async () => {
    const tenant = someTenant();
    const { id } = await memory.createKnowledgeBase(tenant);
    const client = await connect(database.url);
    await client.query(`update memory.knowledge_bases set last_active_at = now() - interval '1 day' where id = $1`, [
      id,
    ]);
    await client.end();
    const search = { knowledgeBaseIds: [id], queries: ['anything', ' '], maxResults: 5, scoreThreshold: 0 };
    expect(await memory.ask(Search, search, tenant)).toEqual({ hits: [] });
    const { lastActiveAt } = await memory.ask(GetKnowledgeBase, { id }, tenant);
    expect(Date.now() - Date.parse(lastActiveAt)).toBeLessThan(60_000);
  });
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
