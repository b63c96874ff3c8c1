import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CancelEvaluation,
  CreateEvaluation,
  DeleteEvaluation,
  DomainError,
  type EvaluationView,
  formatId,
  GetEvaluation,
  ListEvaluationResults,
  ListEvaluations,
} from '@parley/contracts';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const STORE = '0198c0de-0000-7000-8000-00000000b001';
const FILE = '0198c0de-0000-7000-8000-00000000f001';
const EVALUATION = '0198c0de-0000-7000-8000-00000000e001';
const BASELINE = '0198c0de-0000-7000-8000-00000000e002';
const FILE_ID = formatId('file', FILE);
const EVALUATION_ID = formatId('evaluation', EVALUATION);

const SCORES = { ndcg: 0.5, recall: 0.25, hit: 1, reciprocalRank: 0.5 };
const SUMMARY = {
  ...SCORES,
  scored: 2,
  p50Ms: 10,
  p95Ms: 20,
  quotes: { given: 3, found: 1 },
  answers: null,
  degraded: 0,
};

const evaluation = (fields: Partial<EvaluationView> = {}): EvaluationView => ({
  id: EVALUATION,
  knowledgeBaseId: STORE,
  name: 'nightly',
  status: 'queued',
  legs: ['lexical', 'vector', 'hybrid'],
  k: 10,
  questionCount: 2,
  doneCount: 0,
  error: null,
  summary: null,
  comparison: null,
  createdAt: '2026-01-02T03:04:05.678Z',
  startedAt: null,
  finishedAt: null,
  ...fields,
});

describe('/api/v1/knowledge-bases/:id/evaluations', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    app.bus.on(CreateEvaluation, ({ id, name, legs, k }) => evaluation({ id, name, legs, k }));
  });

  const call = async (method: string, path = '', body?: object, store = formatId('knowledgeBase', STORE)) => {
    const init = body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {};
    const url = `${app.url}/api/v1/knowledge-bases/${store}/evaluations${path}`;
    const response = await fetch(url, { method, ...init });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const question = (fields: object = {}) => ({ question: 'why?', expected: [{ file_id: FILE_ID }], ...fields });

  it('accepts questions, with defaults for all that may be left out', async () => {
    const { status, body } = await call('POST', '', { questions: [question(), question({ id: 'x', answer: 'so' })] });
    expect(status).toBe(202);
    const [asked] = app.bus.asked(CreateEvaluation);
    expect(asked).toEqual({
      id: expect.any(String),
      knowledgeBaseId: STORE,
      name: '',
      legs: ['lexical', 'vector', 'hybrid'],
      k: 10,
      questions: [
        { id: '1', question: 'why?', expected: [{ fileId: FILE, grade: 1 }] },
        { id: 'x', question: 'why?', expected: [{ fileId: FILE, grade: 1 }], answer: 'so' },
      ],
    });
    expect(body).toMatchObject({
      id: formatId('evaluation', asked!.id),
      object: 'evaluation',
      knowledge_base_id: formatId('knowledgeBase', STORE),
      status: 'queued',
      progress: { done: 0, total: 2 },
      summary: null,
      created_at: 1767323045,
      finished_at: null,
    });
  });

  it('takes grades, quotes, legs and k', async () => {
    const expected = [{ file_id: FILE_ID, grade: 3, quote: 'because' }];
    await call('POST', '', { name: 'n', legs: ['hybrid'], k: 5, questions: [question({ expected })] });
    expect(app.bus.asked(CreateEvaluation)[0]).toMatchObject({
      name: 'n',
      legs: ['hybrid'],
      k: 5,
      questions: [{ expected: [{ fileId: FILE, grade: 3, quote: 'because' }] }],
    });
  });

  it.each([
    [400, 'questions', { questions: [] }],
    [400, 'questions', { questions: Array.from({ length: 1_001 }, () => question()) }],
    [400, 'questions.1.question', { questions: [question(), question({ question: '' })] }],
    [400, 'questions.0.expected', { questions: [question({ expected: [] })] }],
    [
      400,
      'questions.0.expected.1.grade',
      { questions: [question({ expected: [{ file_id: FILE_ID }, { file_id: FILE_ID, grade: -1 }] })] },
    ],
    [404, 'questions.1.expected.0.file_id', { questions: [question(), question({ expected: [{ file_id: 'nope' }] })] }],
    [400, 'legs', { questions: [question()], legs: ['all'] }],
    [400, 'k', { questions: [question()], k: 51 }],
  ])('answers %i and names %s', async (status, param, body) => {
    expect(await call('POST', '', body)).toMatchObject({ status, body: { param } });
    expect(app.bus.asked(CreateEvaluation)).toEqual([]);
  });

  it('passes on which expected file the service does not know', async () => {
    app.bus.on(CreateEvaluation, () => {
      throw DomainError.notFound('file in this vector store', 'questions.0.expected.0.file_id');
    });
    const { status, body } = await call('POST', '', { questions: [question()] });
    expect([status, body['param'], body['code']]).toEqual([404, 'questions.0.expected.0.file_id', 'not_found']);
  });

  it('shows progress, the summary of each leg, and the difference to another one', async () => {
    const difference = { hybrid: { ...SCORES, p50Ms: -1, p95Ms: 2 } };
    app.bus.on(GetEvaluation, ({ baselineId }) =>
      evaluation({
        status: 'completed',
        summary: { hybrid: SUMMARY },
        comparison: baselineId ? { baselineId, isSameTask: true, difference } : null,
        finishedAt: '2026-01-02T03:04:06.678Z',
      }),
    );
    const scores = { ndcg: 0.5, recall: 0.25, hit: 1, reciprocal_rank: 0.5 };
    const plain = await call('GET', `/${EVALUATION_ID}`);
    expect(plain.body).toMatchObject({ comparison: null, finished_at: 1767323046 });
    expect(plain.body['summary']).toEqual({
      hybrid: {
        ...scores,
        scored: 2,
        p50_ms: 10,
        p95_ms: 20,
        quotes: { given: 3, found: 1 },
        answers: null,
        degraded: 0,
      },
    });
    const baseline = formatId('evaluation', BASELINE);
    const compared = await call('GET', `/${EVALUATION_ID}?baseline_id=${baseline}`);
    expect(compared.body['comparison']).toEqual({
      baseline_id: baseline,
      is_same_task: true,
      difference: { hybrid: { ...scores, p50_ms: -1, p95_ms: 2 } },
    });
    expect(await call('GET', `/${EVALUATION_ID}?baseline_id=vs_1`)).toMatchObject({
      status: 404,
      body: { param: 'baseline_id' },
    });
  });

  it('pages through the results by the ids of the questions', async () => {
    const leg = { ...SCORES, ms: 3, isDegraded: false, fileIds: [FILE], quotesFound: 1, isAnswerFound: false };
    app.bus.on(ListEvaluationResults, () => ({
      data: [
        {
          id: 'a',
          question: 'why?',
          expected: [{ fileId: FILE, grade: 2, quote: 'q' }],
          answer: null,
          legs: { lexical: leg },
        },
        { id: 'b', question: 'how?', expected: [{ fileId: FILE, grade: 1 }], answer: null, legs: null },
      ],
      hasMore: true,
    }));
    const { body } = await call('GET', `/${EVALUATION_ID}/results?limit=2&after=z`);
    expect(app.bus.asked(ListEvaluationResults)).toEqual([
      { knowledgeBaseId: STORE, id: EVALUATION, limit: 2, after: 'z' },
    ]);
    expect(body).toMatchObject({ object: 'list', first_id: 'a', last_id: 'b', has_more: true });
    expect((body['data'] as object[])[0]).toEqual({
      id: 'a',
      object: 'evaluation.result',
      question: 'why?',
      expected: [{ file_id: FILE_ID, grade: 2, quote: 'q' }],
      answer: null,
      legs: {
        lexical: {
          ...{ ndcg: 0.5, recall: 0.25, hit: 1, reciprocal_rank: 0.5, ms: 3, is_degraded: false },
          ...{ file_ids: [FILE_ID], quotes_found: 1, is_answer_found: false },
        },
      },
    });
  });

  it('lists, cancels and deletes', async () => {
    app.bus
      .on(ListEvaluations, () => ({ data: [evaluation()], hasMore: false }))
      .on(CancelEvaluation, () => evaluation({ status: 'cancelled' }))
      .on(DeleteEvaluation, ({ id }) => ({ id, deleted: true }));
    expect((await call('GET', '?limit=5')).body).toMatchObject({ first_id: EVALUATION_ID, has_more: false });
    expect((await call('POST', `/${EVALUATION_ID}/cancel`)).body).toMatchObject({ status: 'cancelled' });
    expect((await call('DELETE', `/${EVALUATION_ID}`)).body).toEqual({
      id: EVALUATION_ID,
      object: 'evaluation.deleted',
      deleted: true,
    });
  });

  it('knows no ids of another kind', async () => {
    expect(await call('GET', `/${FILE_ID}`)).toMatchObject({ status: 404, body: { param: 'evaluation_id' } });
    expect(await call('GET', '', undefined, 'vs_1')).toMatchObject({
      status: 404,
      body: { param: 'knowledge_base_id' },
    });
  });
});
