import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { chunksOf, embed, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { type EmbeddingMigration, type MigrationLease, MigrationLostError } from './embedding-migration.js';
import { EmbeddingMigrations } from './embedding-migrations.js';
import { type EmbeddingSpace } from './embedding-space.js';
import { MigrationLedger } from './migration-ledger.js';

const TEXTS = ['the river carries sand', 'hills and valleys', 'a quiet harbour'];

/** As the model of the new space would. */
const embedShort = (text: string) => [text.length, text.charCodeAt(0), 1];

describeWithServices('embedding migrations', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let migrations: EmbeddingMigrations;
  let ledger: MigrationLedger;
  let short: EmbeddingSpace;
  let tenant: TenantContext;
  let base: string;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    migrations = new EmbeddingMigrations(knowledge.memory);
    ledger = new MigrationLedger(knowledge.worker);
    short = await knowledge.spaces.ensure('short-model', 3);
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  async function newBase(): Promise<void> {
    tenant = knowledge.tenant();
    base = await knowledge.knowledgeBase(tenant);
  }

  function start(toSpaceId = short.id, id = uuidv7()): Promise<EmbeddingMigration> {
    const migration = { id, knowledgeBaseId: base, toSpaceId };
    return knowledge.memory.withTenant(tenant, (tx) => migrations.start(tx, tenant, migration));
  }

  async function claim(id: string, leaseMs = 60_000): Promise<MigrationLease> {
    const claimed = await ledger.claim(tenant, id, { leaseMs });
    if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
    return claimed.lease;
  }

  async function fillSome(lease: MigrationLease, limit = Infinity): Promise<number> {
    const missing = (await ledger.missing(lease, undefined)).slice(0, limit);
    const vectorOf = lease.space.id === short.id ? embedShort : embed;
    await ledger.write(
      lease,
      missing.map((chunk) => ({ ...chunk, embedding: vectorOf(chunk.text) })),
    );
    return missing.length;
  }

  async function fill(id: string): Promise<boolean> {
    const lease = await claim(id);
    await ledger.measure(lease);
    await fillSome(lease);
    return ledger.complete(lease);
  }

  async function ready(): Promise<EmbeddingMigration> {
    const { id } = await start();
    expect(await fill(id)).toBe(true);
    return get(id);
  }

  const get = (id: string) => migrations.get(tenant, { knowledgeBaseId: base, id });
  const key = ({ id }: { id: string }) => ({ knowledgeBaseId: base, id });

  async function vectorsIn(space: EmbeddingSpace): Promise<number> {
    const sql = `select count(*)::int as count from memory.${space.tableName} where knowledge_base_id = $1`;
    return (await knowledge.rows<{ count: number }>(tenant, sql, [base]))[0]!.count;
  }

  async function searchIn(space: EmbeddingSpace, vector: number[]): Promise<number> {
    const embedding = { vector, space };
    return (await knowledge.search.search(tenant, { knowledgeBaseIds: [base], text: '', embedding, limit: 50 })).length;
  }

  async function remove(id: string): Promise<void> {
    await knowledge.rows(tenant, 'update memory.embedding_migrations set due_at = now() where id = $1', [id]);
    const lease = await claim(id);
    expect(lease.task).toBe('remove');
    while ((await ledger.removeSome(lease)) === 'more');
  }

  it('fills another space with what is searchable, unseen by searches until the switch', async () => {
    await newBase();
    await knowledge.ingest(tenant, base, TEXTS);
    await knowledge.ingest(tenant, base, TEXTS.slice(1));
    const { id, status } = await start();
    expect(status).toBe('filling');
    const lease = await claim(id);
    await ledger.measure(lease);
    await fillSome(lease, 2);
    expect(await get(id)).toMatchObject({ chunksTotal: 5, chunksFilled: 2, status: 'filling', isFilled: false });
    expect(await searchIn(short, [1, 1, 1])).toBe(0);
    expect(await ledger.complete(lease)).toBe(false);
    await fillSome(lease);
    expect(await ledger.complete(lease)).toBe(true);
    const migration = await get(id);
    expect(migration).toMatchObject({ chunksFilled: 5, status: 'ready', isFilled: true });
    expect(await searchIn(short, [1, 1, 1])).toBe(5);
    expect(await migrations.switch(tenant, key(migration))).toMatchObject({ status: 'switched' });
    const [stored] = await knowledge.rows<{ id: string }>(
      tenant,
      'select embedding_space_id as id from memory.knowledge_bases where id = $1',
      [base],
    );
    expect(stored!.id).toBe(short.id);
    expect(await searchIn(short, [1, 1, 1])).toBe(5);
    expect(await searchIn(knowledge.space, embed('river'))).toBe(5);
  });

  it('switches only when nothing is missing, and says what is', async () => {
    await newBase();
    await knowledge.ingest(tenant, base, TEXTS);
    const filling = await start();
    await expect(migrations.switch(tenant, key(filling))).rejects.toMatchObject({ code: 'conflict' });
    expect(await fill(filling.id)).toBe(true);
    await knowledge.ingest(tenant, base, TEXTS);
    expect(await get(filling.id)).toMatchObject({ status: 'filling', isFilled: false });
    await knowledge.rows(tenant, `update memory.embedding_migrations set status = 'ready' where id = $1`, [filling.id]);
    await expect(migrations.switch(tenant, key(filling))).rejects.toThrow('3 chunks of 1 files are not embedded with');
    expect(await fill(filling.id)).toBe(true);
    expect(await migrations.switch(tenant, key(filling))).toMatchObject({ status: 'switched' });
  });

  it('shows no version that began under the old space without vectors in the new one', async () => {
    await newBase();
    const { jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(lease, knowledge.space, chunksOf(TEXTS));
    const migration = await ready();
    await migrations.switch(tenant, key(migration));
    const complete = () => knowledge.ledger.complete(lease, { chunkCount: TEXTS.length });
    await expect(complete()).rejects.toMatchObject({ name: 'VectorsMissingError', embeddingSpaceId: short.id });
    const missing = await knowledge.spaces.missing(lease, short, 10);
    expect(missing.map(({ text }) => text)).toEqual(TEXTS);
    const vectors = missing.map(({ ordinal, text }) => ({ ordinal, embedding: embedShort(text) }));
    expect(await knowledge.writer.addVectors(lease, short, vectors)).toBe(3);
    await complete();
    expect(await searchIn(short, [1, 1, 1])).toBe(3);
    expect(await get(migration.id)).toMatchObject({ status: 'switched', isFilled: true });
    expect(await knowledge.spaces.kept(tenant, base)).toEqual(expect.arrayContaining([knowledge.space, short]));
  });

  it('switches back to a space that was kept up to date, and not before it is', async () => {
    await newBase();
    await knowledge.ingest(tenant, base, TEXTS);
    const migration = await ready();
    await migrations.switch(tenant, key(migration));
    const { jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    const rows = chunksOf(TEXTS).map((chunk) => ({ ...chunk, embedding: embedShort(chunk.text) }));
    await knowledge.writer.write(lease, short, rows);
    await knowledge.ledger.complete(lease, { chunkCount: 3 });
    expect(await get(migration.id)).toMatchObject({ status: 'switched', isFilled: false });
    await expect(migrations.rollBack(tenant, key(migration))).rejects.toThrow('3 chunks of 1 files');
    expect(await fill(migration.id)).toBe(true);
    expect(await migrations.rollBack(tenant, key(migration))).toMatchObject({
      status: 'rolled_back',
      isRemoving: true,
    });
    expect(await searchIn(knowledge.space, embed('river'))).toBe(6);
    await remove(migration.id);
    expect([await vectorsIn(short), await vectorsIn(knowledge.space)]).toEqual([0, 6]);
    expect(await get(migration.id)).toMatchObject({ status: 'rolled_back', isRemoving: false });
  });

  it('removes the old vectors when it is finished, and drops the table when nobody uses it', async () => {
    await newBase();
    const own = await knowledge.spaces.ensure(`own-model-${base}`, 2);
    await knowledge.rows(tenant, 'update memory.knowledge_bases set embedding_space_id = $2 where id = $1', [
      base,
      own.id,
    ]);
    const { jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(lease, own, [{ ...chunksOf(TEXTS)[0]!, embedding: [1, 0] }]);
    await knowledge.ledger.complete(lease, { chunkCount: 1 });
    const migration = await ready();
    await migrations.switch(tenant, key(migration));
    expect(await migrations.finish(tenant, key(migration))).toMatchObject({ status: 'finished', isRemoving: true });
    await expect(migrations.rollBack(tenant, key(migration))).rejects.toMatchObject({ code: 'conflict' });
    await expect(start(knowledge.space.id)).rejects.toMatchObject({ code: 'conflict' });
    await remove(migration.id);
    expect(await knowledge.spaces.find(own.id)).toMatchObject({ state: 'retired' });
    expect(await knowledge.rows(tenant, `select to_regclass('memory.${own.tableName}') as found`)).toEqual([
      { found: null },
    ]);
    expect((await knowledge.spaces.ensure(own.model, 2)).id).not.toBe(own.id);
    await expect(start(own.id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('writes nothing into a space that was left, whoever still has it in hand', async () => {
    await newBase();
    await knowledge.ingest(tenant, base, TEXTS);
    const migration = await ready();
    const { jobId } = await knowledge.addDocument(tenant, base);
    const job = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(job, knowledge.space, chunksOf(TEXTS));
    const rows = chunksOf(TEXTS).map(({ ordinal, text }) => ({ ordinal, embedding: embedShort(text) }));
    expect(await knowledge.writer.addVectors(job, short, rows)).toBe(3);
    expect(await migrations.cancel(tenant, key(migration))).toMatchObject({ status: 'cancelled' });
    expect(await knowledge.writer.addVectors(job, short, rows)).toBe(0);
    await remove(migration.id);
    await knowledge.ledger.complete(job, { chunkCount: 3 });
    expect(await searchIn(knowledge.space, embed('river'))).toBe(6);
    expect(await vectorsIn(short)).toBe(0);
  });

  it('belongs to one worker at a time, and goes on where another stopped', async () => {
    await newBase();
    await knowledge.ingest(tenant, base, TEXTS);
    const { id } = await start();
    const first = await claim(id, 1);
    await fillSome(first, 1);
    const second = await claim(id);
    expect(await ledger.claim(tenant, id, { leaseMs: 1_000 })).toEqual({ outcome: 'busy' });
    await expect(fillSome(first)).rejects.toBeInstanceOf(MigrationLostError);
    await expect(ledger.heartbeat(first)).rejects.toBeInstanceOf(MigrationLostError);
    expect(await fillSome(second)).toBe(2);
    await ledger.release(second, new Date(), { code: 'timeout', message: 'slow' });
    expect(await get(id)).toMatchObject({ error: { code: 'timeout', message: 'slow' } });
    const third = await claim(id);
    expect(third.failures).toBe(1);
    expect(await ledger.complete(third)).toBe(true);
    expect(await ledger.claim(tenant, id, { leaseMs: 1_000 })).toEqual({ outcome: 'nothing to do' });
    expect(await vectorsIn(short)).toBe(3);
  });

  it('leaves no vectors of documents and knowledge bases that are removed meanwhile', async () => {
    await newBase();
    const { documentId } = await knowledge.ingest(tenant, base, TEXTS);
    await knowledge.ingest(tenant, base, TEXTS);
    const { id } = await start();
    const lease = await claim(id);
    const missing = await ledger.missing(lease, undefined);
    expect(missing).toHaveLength(6);
    await knowledge.rows(tenant, 'select memory.remove_document($1, $2)', [tenant.tenantId, documentId]);
    await ledger.write(
      lease,
      missing.map((chunk) => ({ ...chunk, embedding: embedShort(chunk.text) })),
    );
    expect(await vectorsIn(short)).toBe(3);
    await knowledge.rows(tenant, 'select memory.remove_knowledge_base($1, $2)', [tenant.tenantId, base]);
    expect(await vectorsIn(short)).toBe(0);
    await expect(ledger.write(lease, [])).rejects.toBeInstanceOf(MigrationLostError);
    await expect(get(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('fails for good without touching the search', async () => {
    await newBase();
    await knowledge.ingest(tenant, base, TEXTS);
    const { id } = await start();
    const lease = await claim(id);
    await fillSome(lease, 1);
    await ledger.fail(lease, { code: 'model_not_found', message: 'No such model.' });
    expect(await get(id)).toMatchObject({ status: 'failed', isRemoving: true, error: { code: 'model_not_found' } });
    await remove(id);
    expect(await vectorsIn(short)).toBe(0);
    expect(await searchIn(knowledge.space, embed('river'))).toBe(3);
  });

  it('keeps the weight that was set for each space', async () => {
    await newBase();
    await knowledge.ingest(tenant, base, TEXTS);
    const migration = await ready();
    const weight = async () => {
      const sql = 'select vector_weight as weight from memory.knowledge_bases where id = $1';
      return (await knowledge.rows<{ weight: number | null }>(tenant, sql, [base]))[0]!.weight;
    };
    await knowledge.rows(tenant, 'update memory.knowledge_bases set vector_weight = 0.25 where id = $1', [base]);
    await migrations.switch(tenant, key(migration));
    expect(await weight()).toBeNull();
    await migrations.rollBack(tenant, key(migration));
    expect(await weight()).toBe(0.25);
  });

  it('starts the same migration once, and one at a time', async () => {
    await newBase();
    const { id } = await start();
    expect(await start(short.id, id)).toMatchObject({ id });
    await expect(start()).rejects.toMatchObject({ code: 'conflict' });
    await expect(start(knowledge.space.id)).rejects.toMatchObject({ code: 'conflict' });
    const page = { limit: 1, order: 'desc' as const };
    expect(await migrations.list(tenant, base, page)).toMatchObject({ data: [{ id }], hasMore: false });
    expect(await migrations.list(tenant, base, { ...page, after: id })).toEqual({ data: [], hasMore: false });
  });

  it('are unknown to other tenants', async () => {
    await newBase();
    const migration = await ready();
    const stranger = knowledge.tenant();
    const missing = { code: 'not_found' };
    await expect(migrations.get(stranger, key(migration))).rejects.toMatchObject(missing);
    await expect(migrations.switch(stranger, key(migration))).rejects.toMatchObject(missing);
    await expect(migrations.list(stranger, base, { limit: 9, order: 'asc' })).rejects.toMatchObject(missing);
    expect(await ledger.claim(stranger, migration.id, { leaseMs: 1_000 })).toEqual({ outcome: 'nothing to do' });
  });
});
