import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  CancelEvaluation,
  CreateEvaluation,
  type CreateEvaluationRequest,
  DeleteEvaluation,
  DeleteKnowledgeBase,
  type DocumentView,
  type EvaluationView,
  GetEvaluation,
  ListEvaluationResults,
  ListEvaluations,
  type TenantContext,
} from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  eventually,
  type TestDatabase,
  type TestVhost,
} from '@parley/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { RunningMemory, someTenant } from '../fixtures/running-memory.fixture.js';
import { StandInWorker } from '../fixtures/stand-in-worker.fixture.js';

describeWithServices('evaluations', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let sql: pg.Pool;
  let memory: RunningMemory;
  let worker: StandInWorker;
  let tenant: TenantContext;
  let knowledgeBaseId: string;
  let wing: DocumentView;
  let heat: DocumentView;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
    memory = await RunningMemory.start({ databaseUrl: database.url, rabbitmqUrl: vhost.url, uploadDir: tmpdir() });
    worker = await StandInWorker.start(memory, database.url);
  });
  beforeEach(async () => {
    tenant = someTenant();
    knowledgeBaseId = (await memory.createKnowledgeBase(tenant)).id;
    wing = await worker.index(tenant, knowledgeBaseId, ['The lift of a wing grows with speed.', 'Drag grows too.']);
    heat = await worker.index(tenant, knowledgeBaseId, ['Heat is conducted through a slab of copper.']);
  });
  afterAll(async () => {
    await worker?.stop();
    await memory?.stop();
    await sql?.end();
    await Promise.all([database?.drop(), vhost?.drop()]);
  });

  const requestOf = (fields: Partial<CreateEvaluationRequest> = {}): CreateEvaluationRequest => ({
    id: uuidv7(),
    knowledgeBaseId,
    name: 'nightly',
    questions: [
      {
        id: 'wing',
        question: 'lift of a wing',
        expected: [{ fileId: wing.fileId, grade: 2, quote: 'grows with speed' }],
        answer: 'copper',
      },
      { id: 'heat', question: 'slab of copper', expected: [{ fileId: heat.fileId, grade: 1 }] },
    ],
    legs: ['lexical', 'vector', 'hybrid'],
    k: 10,
    ...fields,
  });
  const create = (fields?: Partial<CreateEvaluationRequest>) => memory.ask(CreateEvaluation, requestOf(fields), tenant);
  const get = ({ id }: { id: string }, who = tenant) => memory.ask(GetEvaluation, { id, knowledgeBaseId }, who);
  const ended = (evaluation: EvaluationView) =>
    eventually(async () => {
      const view = await get(evaluation);
      expect(view.finishedAt).not.toBeNull();
      return view;
    });
  /** As if a runner had it that says nothing. */
  const hold = (evaluationId: string) =>
    sql.query(
      `update memory.evaluations set status = 'running', lease_token = gen_random_uuid(),
         lease_until = now() + interval '1 hour' where id = $1`,
      [evaluationId],
    );

  it('asks every question of every leg and sums up what was found', async () => {
    const accepted = await create();
    expect(accepted).toMatchObject({ name: 'nightly', questionCount: 2, summary: null, error: null });
    const done = await ended(accepted);
    expect(done).toMatchObject({ status: 'completed', doneCount: 2 });
    const { lexical, hybrid, vector } = done.summary!;
    for (const leg of [lexical, hybrid, vector]) {
      expect(leg).toMatchObject({ scored: 2, hit: 1, recall: 1, reciprocalRank: 1, ndcg: 1, degraded: 0 });
      expect(leg!.p95Ms).toBeGreaterThanOrEqual(leg!.p50Ms);
    }
    expect(hybrid).toMatchObject({ quotes: { given: 1, found: 1 }, answers: { given: 1 } });

    const page = { id: accepted.id, knowledgeBaseId };
    const first = await memory.ask(ListEvaluationResults, { ...page, limit: 1 }, tenant);
    expect(first).toMatchObject({ hasMore: true, data: [{ id: 'wing', answer: 'copper' }] });
    expect(first.data[0]!.legs!.lexical).toMatchObject({
      fileIds: [wing.fileId],
      quotesFound: 1,
      isAnswerFound: false,
    });
    const rest = await memory.ask(ListEvaluationResults, { ...page, limit: 1, after: 'wing' }, tenant);
    expect(rest).toMatchObject({ hasMore: false, data: [{ id: 'heat' }] });
    const lost = memory.ask(ListEvaluationResults, { ...page, limit: 1, after: 'nothing' }, tenant);
    await expect(lost).rejects.toMatchObject({ code: 'invalid_request', param: 'after' });
  });

  it('takes a file for found when another one of the same content is, which is indexed once', async () => {
    const { rows } = await sql.query('select sha256 from memory.files where id = $1', [wing.fileId]);
    const twin = await memory.registerFile(tenant, { sha256: rows[0].sha256 });
    await memory.addDocument(tenant, { knowledgeBaseId, fileId: twin.id });
    const quoted = { fileId: twin.id, grade: 1, quote: 'grows with speed' };
    const question = { id: 'twin', question: 'lift of a wing', expected: [quoted, { fileId: heat.fileId, grade: 0 }] };
    const done = await ended(await create({ questions: [question], legs: ['hybrid'] }));
    expect(done.summary!.hybrid).toMatchObject({ recall: 1, ndcg: 1, quotes: { given: 1, found: 1 } });
    const page = await memory.ask(ListEvaluationResults, { id: done.id, knowledgeBaseId, limit: 5 }, tenant);
    expect(page.data[0]).toMatchObject({ expected: question.expected, legs: { hybrid: { quotesFound: 1 } } });
    expect(page.data[0]!.legs!.hybrid!.fileIds[0]).toBe(wing.fileId);
  });

  it('is not begun for a knowledge base that has expired', async () => {
    await sql.query(
      `update memory.knowledge_bases set expires_after_days = 1, last_active_at = now() - interval '2 days'
       where id = $1`,
      [knowledgeBaseId],
    );
    const expired = { code: 'knowledge_base_expired', param: 'vector_store_id' };
    await expect(create()).rejects.toMatchObject(expired);
  });

  it('is compared with another one, and says whether that asked for the same', async () => {
    const before = await ended(await create());
    const after = await ended(await create({ name: 'again', legs: ['hybrid'] }));
    const compare = (id: string, baselineId: string) =>
      memory.ask(GetEvaluation, { id, knowledgeBaseId, baselineId }, tenant);
    const { comparison } = await compare(after.id, before.id);
    expect(comparison).toEqual({
      baselineId: before.id,
      isSameTask: true,
      difference: { hybrid: expect.objectContaining({ ndcg: 0, recall: 0, hit: 0, reciprocalRank: 0 }) },
    });
    const other = await ended(await create({ k: 1 }));
    expect((await compare(other.id, before.id)).comparison).toMatchObject({ isSameTask: false });
    await expect(compare(other.id, uuidv7())).rejects.toMatchObject({ code: 'not_found', param: 'baseline_id' });
  });

  it('is made once, however often it is told to', async () => {
    const request = requestOf();
    const calls = Array.from({ length: 8 }, () => memory.ask(CreateEvaluation, request, tenant));
    const views = await Promise.all(calls);
    expect(new Set(views.map(({ id }) => id))).toEqual(new Set([request.id]));
    await ended(views[0]!);
    const { rows } = await sql.query('select 1 from memory.evaluation_questions where evaluation_id = $1', [
      request.id,
    ]);
    expect(rows).toHaveLength(2);
    await expect(memory.ask(CreateEvaluation, request, someTenant())).rejects.toMatchObject({ code: 'not_found' });
  });

  it('names the expected file that is not there, and the question whose id is taken', async () => {
    const [first, second] = requestOf().questions;
    const unknown = { ...second!, expected: [second!.expected[0]!, { fileId: uuidv7(), grade: 1 }] };
    await expect(create({ questions: [first!, unknown] })).rejects.toMatchObject({
      code: 'not_found',
      param: 'questions.1.expected.1.file_id',
    });
    await expect(create({ questions: [first!, { ...second!, id: 'wing' }] })).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'questions.1.id',
    });
    await expect(create({ knowledgeBaseId: uuidv7() })).rejects.toMatchObject({ param: 'vector_store_id' });
  });

  it('goes on after its runner has died, with the questions that were not asked', async () => {
    const request = requestOf();
    const { EvaluationRunner } = await import('./evaluation-runner.js');
    const runner = memory.app.get(EvaluationRunner, { strict: false });
    await memory.ask(CreateEvaluation, request, tenant);
    await ended(await get(request));
    // As a death after the first question leaves it.
    await sql.query(
      `update memory.evaluations set status = 'running', done_count = 1, summary = null, finished_at = null,
         lease_token = gen_random_uuid(), lease_until = now() - interval '1 second' where id = $1`,
      [request.id],
    );
    await sql.query('update memory.evaluation_questions set results = null where evaluation_id = $1 and ordinal = 1', [
      request.id,
    ]);
    const marked = `update memory.evaluation_questions set results = jsonb_set(results, '{lexical,ms}', '123456')
      where evaluation_id = $1 and ordinal = 0`;
    await sql.query(marked, [request.id]);
    await runner.runDue();
    const view = await ended(await get(request));
    expect(view).toMatchObject({ status: 'completed', doneCount: 2 });
    const { data } = await memory.ask(ListEvaluationResults, { id: request.id, knowledgeBaseId, limit: 20 }, tenant);
    expect(data[0]!.legs!.lexical!.ms).toBe(123_456);
    expect(data[1]!.legs!.hybrid!.hit).toBe(1);
  });

  it('is worked on by one runner alone', async () => {
    const { EvaluationRunner } = await import('./evaluation-runner.js');
    const runner = memory.app.get(EvaluationRunner, { strict: false });
    const accepted = await create();
    await Promise.all([runner.runDue(), runner.runDue(), runner.runDue()]);
    const view = await ended(accepted);
    expect(view).toMatchObject({ status: 'completed', doneCount: 2 });
  });

  it('fails with the reason when no question can be asked in five starts', async () => {
    const { SearchService } = await import('../search/search.service.js');
    const { EvaluationRunner } = await import('./evaluation-runner.js');
    const search = memory.app.get(SearchService, { strict: false });
    const original = search.search;
    search.search = () => Promise.reject(new Error('broken'));
    try {
      const accepted = await create();
      await eventually(
        async () => {
          await sql.query('update memory.evaluations set due_at = now() where id = $1', [accepted.id]);
          await memory.app.get(EvaluationRunner, { strict: false }).runDue();
          expect(await get(accepted)).toMatchObject({ status: 'failed', error: { code: 'internal_error' } });
        },
        { intervalMs: 50 },
      );
    } finally {
      search.search = original;
    }
  });

  it('stops when it is cancelled, and stays as it ended', async () => {
    const accepted = await create();
    await hold(accepted.id);
    const cancel = () => memory.ask(CancelEvaluation, { id: accepted.id, knowledgeBaseId }, tenant);
    const cancelled = await cancel();
    expect(cancelled).toMatchObject({ status: 'cancelled', finishedAt: expect.any(String) });
    expect((await cancel()).finishedAt).toBe(cancelled.finishedAt);
    const done = await ended(await create());
    const kept = await memory.ask(CancelEvaluation, { id: done.id, knowledgeBaseId }, tenant);
    expect(kept.status).toBe('completed');
  });

  it('has a bound on how many may wait', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => create({ legs: ['lexical'] })));
    await sql.query(
      `update memory.evaluations set status = 'queued', due_at = now() + interval '1 hour',
      lease_token = null, lease_until = null, finished_at = null where id = any($1)`,
      [many.map(({ id }) => id)],
    );
    await expect(create()).rejects.toMatchObject({ code: 'conflict' });
    await sql.query('delete from memory.evaluations where id = any($1)', [many.map(({ id }) => id)]);
  });

  it('is listed, deleted, and gone with its knowledge base', async () => {
    const [one, other] = [await create({ name: 'one' }), await create({ name: 'other' })];
    await Promise.all([ended(one), ended(other)]);
    const list = () => memory.ask(ListEvaluations, { knowledgeBaseId, limit: 20, order: 'asc' }, tenant);
    expect((await list()).data.map(({ name }) => name)).toEqual(['one', 'other']);
    const remove = () => memory.ask(DeleteEvaluation, { id: one.id, knowledgeBaseId }, tenant);
    expect(await remove()).toEqual({ id: one.id, deleted: true });
    await expect(remove()).rejects.toMatchObject({ code: 'not_found' });
    await memory.ask(DeleteKnowledgeBase, { id: knowledgeBaseId }, tenant);
    await expect(list()).rejects.toMatchObject({ code: 'not_found' });
    const { rows } = await sql.query('select 1 from memory.evaluation_questions where tenant_id = $1', [
      tenant.tenantId,
    ]);
    expect(rows).toEqual([]);
  });

  it('does not exist for another tenant', async () => {
    const { id } = await ended(await create());
    const stranger = someTenant();
    const asked = { id, knowledgeBaseId };
    const missing = { code: 'not_found' };
    await expect(memory.ask(GetEvaluation, asked, stranger)).rejects.toMatchObject(missing);
    await expect(memory.ask(CancelEvaluation, asked, stranger)).rejects.toMatchObject(missing);
    await expect(memory.ask(DeleteEvaluation, asked, stranger)).rejects.toMatchObject(missing);
    const results = memory.ask(ListEvaluationResults, { ...asked, limit: 20 }, stranger);
    await expect(results).rejects.toMatchObject(missing);
    const page = { knowledgeBaseId, limit: 20, order: 'asc' } as const;
    await expect(memory.ask(ListEvaluations, page, stranger)).rejects.toMatchObject(missing);
    expect(await get({ id })).toMatchObject({ status: 'completed' });
  });
});
