import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CancelIngestion,
  type DeadLetterDetails,
  DiscardDeadLetters,
  DomainError,
  formatId,
  GetDeadLetter,
  GetIngestionJob,
  GetIngestionProgress,
  type IngestionJobView,
  ListDeadLetters,
  ListIngestionJobs,
  ReplayDeadLetters,
} from '@parley/contracts';
import { eventually } from '@parley/testing';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const JOB = '0198c0de-0000-7000-8000-00000000a001';
const STORE = '0198c0de-0000-7000-8000-00000000b001';
const FILE = '0198c0de-0000-7000-8000-00000000f001';
const [JOB_ID, STORE_ID, FILE_ID] = [
  formatId('ingestionJob', JOB),
  formatId('knowledgeBase', STORE),
  formatId('file', FILE),
];
const AT = '2026-01-02T03:04:05.678Z';
const SECONDS = 1767323045;

const job = (fields: Partial<IngestionJobView> = {}): IngestionJobView => ({
  ...{ id: JOB, documentId: JOB, knowledgeBaseId: STORE, fileId: FILE, filename: 'a.pdf', version: 1 },
  ...{ status: 'embedding', condition: 'running', jobsAhead: null, dueAt: null, progressPercent: 40 },
  ...{ chunksTotal: 10, chunksWritten: 4, attempt: 2, failures: 1, maxAttempts: 5, heartbeatAt: AT, leaseUntil: AT },
  ...{ error: null, createdAt: AT, startedAt: AT, finishedAt: null, revision: 7 },
  ...fields,
});
const ended = job({ status: 'completed', condition: 'ended', progressPercent: 100, revision: 9, finishedAt: AT });
const dead: DeadLetterDetails = {
  ...job({ status: 'failed', condition: 'ended', error: { code: 'worker_lost', message: 'It died.' } }),
  deadLetteredAt: AT,
  attempts: [
    { number: 1, worker: 'host:1', startedAt: AT, endedAt: AT, stage: 'parsing', outcome: 'lost', error: null },
  ],
};

describe('ingestion jobs', () => {
  let app: RoutesApp;
  const path = `/api/v1/knowledge-bases/${STORE_ID}/files/${FILE_ID}/job`;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  const call = async (method: string, url: string, body?: object) => {
    const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const response = await fetch(app.url + url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('tell a running job', async () => {
    app.bus.on(GetIngestionJob, () => job());
    expect(await call('GET', path)).toEqual({
      status: 200,
      body: {
        ...{ id: JOB_ID, object: 'ingestion_job', vector_store_id: STORE_ID, file_id: FILE_ID, filename: 'a.pdf' },
        ...{ version: 1, status: 'embedding', condition: 'running', jobs_ahead: null, due_at: null },
        ...{ progress_percent: 40, chunks_total: 10, chunks_written: 4, attempt: 2, failures: 1, max_attempts: 5 },
        ...{ heartbeat_at: SECONDS, lease_until: SECONDS, last_error: null, created_at: SECONDS },
        ...{ started_at: SECONDS, finished_at: null },
      },
    });
    expect(app.bus.asked(GetIngestionJob)).toEqual([{ knowledgeBaseId: STORE, fileId: FILE }]);
  });

  it('tell a pause, until when it lasts and why', async () => {
    const error = { code: 'provider_error', message: 'The provider is away.' } as const;
    app.bus.on(GetIngestionJob, () => job({ status: 'queued', condition: 'paused', dueAt: AT, error }));
    const { body } = await call('GET', path);
    expect(body).toMatchObject({ status: 'queued', condition: 'paused', due_at: SECONDS, last_error: error });
  });

  it('are cancelled', async () => {
    app.bus.on(CancelIngestion, () => job({ status: 'cancelled', condition: 'ended' }));
    const { status, body } = await call('POST', `${path}/cancel`);
    expect([status, body['status']]).toEqual([200, 'cancelled']);
  });

  it('are listed by status and vector store', async () => {
    app.bus.on(ListIngestionJobs, () => ({ data: [job()], hasMore: true }));
    const query = `status=stalled&vector_store_id=${STORE_ID}&after=${JOB_ID}&limit=1`;
    const { body } = await call('GET', `/api/v1/ingestion-jobs?${query}`);
    expect(body).toMatchObject({ object: 'list', first_id: JOB_ID, has_more: true });
    expect(app.bus.asked(ListIngestionJobs)).toMatchObject([
      { status: 'stalled', knowledgeBaseId: STORE, after: JOB, limit: 1 },
    ]);
  });

  it.each([
    [404, `/api/v1/knowledge-bases/vs_1/files/${FILE_ID}/job`],
    [404, '/api/v1/ingestion-jobs?vector_store_id=vs_1'],
    [400, '/api/v1/ingestion-jobs?status=stuck'],
    [400, '/api/v1/dead-letters?code=bad_luck'],
    [404, '/api/v1/dead-letters/job_1'],
  ])('answer %i for %s', async (status, url) => {
    expect(await call('GET', url)).toMatchObject({ status, body: { status } });
    expect(app.bus.requests).toEqual([]);
  });

  describe('that are dead letters', () => {
    it('are listed and inspected', async () => {
      app.bus.on(ListDeadLetters, () => ({ data: [dead], hasMore: false })).on(GetDeadLetter, () => dead);
      const list = await call('GET', `/api/v1/dead-letters?code=worker_lost&vector_store_id=${STORE_ID}`);
      expect(list.body).toMatchObject({ data: [{ id: JOB_ID, dead_lettered_at: SECONDS }] });
      expect(app.bus.asked(ListDeadLetters)).toMatchObject([{ code: 'worker_lost', knowledgeBaseId: STORE }]);
      const { body } = await call('GET', `/api/v1/dead-letters/${JOB_ID}`);
      expect(body).toMatchObject({
        last_error: { code: 'worker_lost', message: 'It died.' },
        attempts: [{ number: 1, worker: 'host:1', stage: 'parsing', outcome: 'lost', ended_at: SECONDS }],
      });
    });

    it('are replayed, one or many', async () => {
      app.bus.on(ReplayDeadLetters, () => ({ ids: [JOB], remaining: 3 }));
      const settled = { object: 'dead_letters.settled', ids: [JOB_ID], remaining: 3 };
      expect((await call('POST', `/api/v1/dead-letters/${JOB_ID}/replay`)).body).toEqual(settled);
      await call('POST', '/api/v1/dead-letters/replay', { code: 'provider_error', vector_store_id: STORE_ID });
      await call('POST', '/api/v1/dead-letters/replay', { ids: [JOB_ID], limit: 5 });
      expect(app.bus.asked(ReplayDeadLetters)).toEqual([
        { ids: [JOB], limit: 1 },
        { code: 'provider_error', knowledgeBaseId: STORE, limit: 100 },
        { ids: [JOB], limit: 5 },
      ]);
    });

    it('are discarded, one or many, and 404 when there is none', async () => {
      app.bus.on(DiscardDeadLetters, () => ({ ids: [JOB], remaining: 0 })).on(GetDeadLetter, () => dead);
      expect((await call('DELETE', `/api/v1/dead-letters/${JOB_ID}`)).body).toMatchObject({ deleted: true });
      await call('POST', '/api/v1/dead-letters/discard', {});
      expect(app.bus.asked(DiscardDeadLetters)).toEqual([{ ids: [JOB], limit: 1 }, { limit: 100 }]);
      app.bus.on(GetDeadLetter, () => {
        throw DomainError.notFound('dead letter');
      });
      expect((await call('DELETE', `/api/v1/dead-letters/${JOB_ID}`)).status).toBe(404);
    });
  });

  describe('as a stream', () => {
    const open = (url: string, lastEventId?: string) =>
      new Promise<{ message: IncomingMessage; text: () => string; ended: () => boolean }>((resolve, reject) => {
        const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
        get(app.url + url, { headers }, (message) => {
          let [text, isEnded] = ['', false];
          message.setEncoding('utf8').on('data', (piece: string) => (text += piece));
          message.on('end', () => (isEnded = true)).on('error', () => undefined);
          resolve({ message, text: () => text, ended: () => isEnded });
        }).on('error', reject);
      });
    const states = (...list: IngestionJobView[]) =>
      app.bus.on(GetIngestionJob, () => (list.length > 1 ? list.shift()! : list[0]!));

    it('say each change once, and end with the last', async () => {
      states(job(), job(), job({ heartbeatAt: '2026-01-02T03:04:15.000Z', revision: 8 }), ended);
      const { message, text, ended: isOver } = await open(`${path}/events`);
      expect(message.headers).toMatchObject({
        ...{ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform' },
        'x-accel-buffering': 'no',
      });
      await eventually(() => expect(isOver()).toBe(true));
      const events = text()
        .split('\n\n')
        .filter((event) => event !== '' && !event.startsWith(':'));
      expect(events.map((event) => event.split('\n').slice(0, 2))).toEqual([
        ['event: progress', 'id: 7'],
        ['event: completed', 'id: 9'],
      ]);
      expect(events[1]).toContain('"progress_percent":100');
    });

    it('say nothing again to a client that comes back, and 204 when it has seen the end', async () => {
      states(job(), ended);
      const { text, ended: isOver } = await open(`${path}/events`, '7');
      await eventually(() => expect(isOver()).toBe(true));
      expect(text()).toMatch(/^event: completed\nid: 9\n/);
      expect((await open(`${path}/events`, '9')).message.statusCode).toBe(204);
    });

    it('are 404 before they begin, and end with an error when the file is removed meanwhile', async () => {
      const gone = () => {
        throw DomainError.notFound('file in this vector store');
      };
      app.bus.on(GetIngestionJob, gone);
      expect((await open(`${path}/events`)).message.statusCode).toBe(404);
      let looks = 0;
      app.bus.on(GetIngestionJob, () => ((looks += 1) === 1 ? job() : gone()));
      const { text, ended: isOver } = await open(`${path}/events`);
      await eventually(() => expect(isOver()).toBe(true));
      expect(text()).toMatch(/event: error\ndata: {"code":"not_found"/);
    });

    it('bear it when memory is away for a moment', async () => {
      let looks = 0;
      app.bus.on(GetIngestionJob, () => {
        if ((looks += 1) === 2) throw new DomainError('service_unavailable', 'Away.');
        return looks === 1 ? job() : ended;
      });
      const { text, ended: isOver } = await open(`${path}/events`);
      await eventually(() => expect(isOver()).toBe(true));
      expect(text()).toMatch(/event: completed/);
    });

    it('look no more when the client is gone', async () => {
      states(job());
      const { message, text } = await open(`${path}/events`);
      await eventually(() => expect(text()).toContain('progress'));
      message.destroy();
      let before = -1;
      await eventually(
        () => {
          const now = app.bus.asked(GetIngestionJob).length;
          const isQuiet = now === before;
          before = now;
          expect(isQuiet).toBe(true);
        },
        { intervalMs: 2_000 },
      );
    });

    it('follow all files of a vector store', async () => {
      const counts = { queued: 0, parsing: 0, embedding: 1, indexing: 0, completed: 2, failed: 1, cancelled: 0 };
      const replies = [
        { counts, total: 4, progressPercent: 80, revision: 1 },
        { counts: { ...counts, embedding: 0, completed: 3 }, total: 4, progressPercent: 100, revision: 2 },
      ];
      app.bus.on(GetIngestionProgress, () => replies.shift()!);
      const { text, ended: isOver } = await open(`/api/v1/knowledge-bases/${STORE_ID}/events`);
      await eventually(() => expect(isOver()).toBe(true));
      expect(text()).toMatch(
        /^event: progress\nid: 1\ndata: {.*"embedding":1.*}\n\nevent: completed\nid: 2\ndata: {.*"total":4/,
      );
    });
  });
});
