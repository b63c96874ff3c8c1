import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  DeleteDocument,
  type EmbeddingMigrationView,
  FinishEmbeddingMigration,
  GetEmbeddingMigration,
  RollBackEmbeddingMigration,
  Search,
  StartEmbeddingMigration,
  SwitchEmbeddingMigration,
  TenantContext,
} from '@parley/contracts';
import { describeWithServices, eventually } from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { type IngestedDocument, IngestionSuite, textOfChunks } from './support/ingestion-suite.js';

/** A parser process of its own for each document takes its time on a busy machine. */
const PATIENCE_MS = 60_000;

const OLD = { model: 'text-embedding-3-small', dimensions: 16 };
const NEW = { model: 'text-embedding-3-large', dimensions: 24 };
/** More than one batch in all, so that a worker can die between two. */
const CHUNKS = [150, 160, 170];

describeWithServices('a knowledge base that moves to another embedding model', () => {
  let suite: IngestionSuite;
  let knowledgeBaseId: string;
  let documents: IngestedDocument[];

  beforeAll(async () => {
    suite = await IngestionSuite.start({ environment: { EMBEDDING_MODELS: `${NEW.model}:${NEW.dimensions}` } });
    knowledgeBaseId = await suite.createKnowledgeBase();
    documents = await attach(CHUNKS);
    await suite.completed(documents, PATIENCE_MS);
  });
  afterAll(() => suite?.stop());

  it('fills the new space while documents come and go, people search and a worker is killed', async () => {
    const search = keepSearching();
    const { id } = await start();
    await eventually(async () => expect((await migration(id)).chunks.embedded).toBeGreaterThan(0), {
      timeoutMs: PATIENCE_MS,
    });
    suite.providerLink.stall();
    const [killed] = suite.workers;
    killed!.kill('SIGKILL');
    await killed!.exited;
    const embeddedBefore = (await migration(id)).chunks.embedded;
    const [deleted, ...kept] = documents;
    await suite.ask(DeleteDocument, deleted!);
    const added = await attach([20, 30]);
    await suite.providerLink.restore();
    suite.startWorker();
    await suite.completed(added, PATIENCE_MS);
    documents = [...kept, ...added];
    expect(await ready(id)).toMatchObject({ status: 'ready', progressPercent: 100 });
    expect(embeddedBefore).toBeGreaterThan(0);
    await expectWhole(OLD, NEW);

    expect(await suite.ask(SwitchEmbeddingMigration, { knowledgeBaseId, id })).toMatchObject({ status: 'switched' });
    const { models, failures } = await search.stop();
    expect(failures).toEqual([]);
    expect([...models].sort()).toEqual([NEW.model, OLD.model]);
    expect(await searchedModel()).toEqual(NEW);
  });

  it('keeps both spaces up to date after the switch, and goes back', async () => {
    const added = await attach([10]);
    await suite.completed(added, PATIENCE_MS);
    documents.push(...added);
    await expectWhole(OLD, NEW);
    const { id } = (await openMigration())!;
    await ready(id);
    expect(await suite.ask(RollBackEmbeddingMigration, { knowledgeBaseId, id })).toMatchObject({
      status: 'rolled_back',
    });
    expect(await searchedModel()).toEqual(OLD);
    await removed(id);
    await expectWhole(OLD);
    expect(await vectorCount(NEW)).toBe(0);
  });

  it('gives the old space up when it is finished', async () => {
    const { id } = await start();
    await ready(id);
    await suite.ask(SwitchEmbeddingMigration, { knowledgeBaseId, id });
    await suite.ask(FinishEmbeddingMigration, { knowledgeBaseId, id });
    await removed(id);
    await expectWhole(NEW);
    expect(await searchedModel()).toEqual(NEW);
    const added = await attach([5]);
    await suite.completed(added, PATIENCE_MS);
    documents.push(...added);
    await expectWhole(NEW);
    const old = 'select state from memory.embedding_spaces where model = $1';
    expect(await suite.rows(old, [OLD.model])).toEqual([{ state: 'retired' }]);
  });

  it('is unknown to other tenants', async () => {
    const stranger = TenantContext.of({ tenantId: uuidv7(), userId: uuidv7(), role: 'admin' });
    const request = { id: uuidv7(), knowledgeBaseId, model: OLD.model };
    await expect(suite.ask(StartEmbeddingMigration, request, stranger)).rejects.toMatchObject({ code: 'not_found' });
  });

  async function attach(counts: number[]): Promise<IngestedDocument[]> {
    const files = await Promise.all(counts.map((count) => suite.upload(textOfChunks(count))));
    return Promise.all(files.map((file) => suite.attach(knowledgeBaseId, file)));
  }

  const start = (): Promise<EmbeddingMigrationView> =>
    suite.ask(StartEmbeddingMigration, { id: uuidv7(), knowledgeBaseId, ...NEW });
  const migration = (id: string) => suite.ask(GetEmbeddingMigration, { knowledgeBaseId, id });

  async function openMigration(): Promise<{ id: string } | undefined> {
    const sql = `select id from memory.embedding_migrations where status in ('filling', 'ready', 'switched')`;
    return (await suite.rows<{ id: string }>(sql))[0];
  }

  function ready(id: string): Promise<EmbeddingMigrationView> {
    return until(id, ({ canSwitch }) => canSwitch);
  }

  async function removed(id: string): Promise<void> {
    await until(id, ({ isRemoving }) => !isRemoving);
  }

  function until(id: string, is: (view: EmbeddingMigrationView) => boolean): Promise<EmbeddingMigrationView> {
    const check = async () => {
      const view = await migration(id);
      if (!is(view)) throw new Error(`${JSON.stringify(view)}\n${suite.logs()}`);
      return view;
    };
    return eventually(check, { timeoutMs: PATIENCE_MS, intervalMs: 100 });
  }

  /** Every searchable chunk has one vector in each of the spaces, and there are no others. */
  async function expectWhole(...spaces: { model: string }[]): Promise<void> {
    const chunks = await Promise.all(documents.map((document) => suite.chunks(document)));
    const count = chunks.flat().length;
    for (const space of spaces) expect([space.model, await vectorCount(space)]).toEqual([space.model, count]);
    const [row] = await suite.rows<{ count: number }>(
      `select count(*)::int as count from memory.chunks c
       join memory.documents d on d.id = c.document_id and d.active_version = c.version where c.knowledge_base_id = $1`,
      [knowledgeBaseId],
    );
    expect(row!.count).toBe(count);
  }

  async function vectorCount({ model }: { model: string }): Promise<number> {
    const sql = `select table_name from memory.embedding_spaces where model = $1 and state <> 'retired'`;
    const [space] = await suite.rows<{ table_name: string }>(sql, [model]);
    if (!space) return 0;
    const [row] = await suite.rows<{ count: number }>(
      `select count(*)::int as count from memory.${space.table_name} where knowledge_base_id = $1`,
      [knowledgeBaseId],
    );
    return row!.count;
  }

  const ask = () =>
    suite.ask(Search, {
      knowledgeBaseIds: [knowledgeBaseId],
      queries: ['where does the river carry the sand?'],
      maxResults: 10,
      scoreThreshold: 0,
      explain: true,
    });

  async function searchedModel(): Promise<{ model: string | null; dimensions: number | null }> {
    const { vector } = (await ask()).explain!.queries[0]!;
    return { model: vector.model, dimensions: vector.dimensions };
  }

  /** Searches one after another; each is to find ten chunks by the vectors of one space. */
  function keepSearching(): { stop(): Promise<{ models: Set<string>; failures: string[] }> } {
    let isOver = false;
    const models = new Set<string>();
    const failures: string[] = [];
    const loop = (async () => {
      for (let turns = 0; !isOver || turns === 0; turns++) {
        const { hits, explain } = await ask();
        const { vector } = explain!.queries[0]!;
        if (vector.model !== null) models.add(vector.model);
        if (hits.length !== 10) failures.push(`${hits.length} hits in ${vector.model}`);
        if (vector.model !== null && vector.candidates === 0) failures.push(`no vectors in ${vector.model}`);
      }
    })();
    return {
      stop: async () => {
        isOver = true;
        await loop;
        models.add((await searchedModel()).model!);
        return { models, failures };
      },
    };
  }
});
