import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CreateFileBatch, DeleteKnowledgeBase, GetDeadLetter, ListDeadLetters } from '@parley/contracts';
import { describeWithServices, eventually } from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { type AppProcess } from './support/app-process.js';
import { type IngestedDocument, IngestionSuite, textOfChunks } from './support/ingestion-suite.js';
import { childrenOf, isAlive } from './support/processes.js';

const QUEUED = 300;
/** What a worker has in hand, and what it takes up in the moment in which the late document is stored. */
const A_FEW = 3;
const MAX_ATTEMPTS = 3;
/** Read for some seconds, in which its process does nothing else. */
const SLOW_MARKDOWN = '- *a* [b](c) `d` **e** | f\n'.repeat(150_000);

interface Row {
  status: string;
  attempt: number;
}

describeWithServices('a document beside others', () => {
  let suite: IngestionSuite;

  beforeAll(async () => {
    suite = await IngestionSuite.start();
  });
  afterAll(() => suite?.stop());

  const jobOf = async (document: IngestedDocument) => (await suite.jobs(document))[0] as Row;

  it('comes within a few jobs when another tenant has queued hundreds before it', async () => {
    const knowledgeBaseId = await suite.createKnowledgeBase();
    const fileIds = await Promise.all(Array.from({ length: QUEUED }, () => suite.upload('One short text.')));
    const files = fileIds.map((fileId) => ({ fileId, attributes: {} }));
    await suite.ask(CreateFileBatch, { id: uuidv7(), knowledgeBaseId, files });
    await eventually(async () => expect(await countOf('completed')).toBeGreaterThan(2), { timeoutMs: 60_000 });

    const stranger = suite.someTenant();
    const theirs = await suite.createKnowledgeBase(stranger);
    const fileId = await suite.upload('One late text.', 'late.txt', 'text/plain', stranger);
    const late = await suite.attach(theirs, fileId, 'small', stranger);
    await eventually(async () => expect((await jobOf(late)).status).toBe('completed'), { timeoutMs: 60_000 });

    const [served] = await suite.rows<{ before: number }>(
      `select count(*)::integer as before from memory.ingestion_jobs late
       join memory.ingestion_attempts own on own.job_id = late.id
       join memory.ingestion_attempts other on other.tenant_id <> late.tenant_id
         and other.started_at > late.created_at and other.started_at < own.started_at
       where late.document_id = $1`,
      [late.id],
    );
    expect(served!.before).toBeLessThanOrEqual(A_FEW);
    expect(await countOf('queued')).toBeGreaterThan(QUEUED / 3);
    await suite.ask(DeleteKnowledgeBase, { id: knowledgeBaseId });
  });

  it('is done although the other kills every worker, which is given up with a reason', async () => {
    const knowledgeBaseId = await suite.createKnowledgeBase();
    const upload = await suite.upload(SLOW_MARKDOWN, 'poison.md', 'text/markdown');
    const poison = await suite.attach(knowledgeBaseId, upload);
    await suite.rows('update memory.ingestion_jobs set max_attempts = $2 where document_id = $1', [
      poison.id,
      MAX_ATTEMPTS,
    ]);
    const neighbours: IngestedDocument[] = [];
    for (let count = 1; count <= 4; count++) {
      neighbours.push(await suite.attach(knowledgeBaseId, await suite.upload(textOfChunks(count))));
    }

    const parsers: number[] = [];
    for (let death = 1; death <= MAX_ATTEMPTS; death++) parsers.push(await killAtParsing(poison, death));
    const { error } = await suite.settled(poison);
    expect(error).toEqual({
      code: 'worker_lost',
      message: expect.stringMatching(/while it was parsing .* the last of 3 workers/),
    });
    const { data } = await suite.ask(ListDeadLetters, { limit: 20, order: 'desc', knowledgeBaseId });
    expect(data).toMatchObject([{ fileId: poison.fileId, error: { code: 'worker_lost' } }]);
    const { attempts } = await suite.ask(GetDeadLetter, { id: data[0]!.id });
    expect(attempts).toMatchObject([1, 2, 3].map((number) => ({ number, stage: 'parsing', outcome: 'lost' })));

    const next = await suite.attach(knowledgeBaseId, await suite.upload(textOfChunks(5)));
    await suite.completed([...neighbours, next]);
    for (const [index, document] of [...neighbours, next].entries())
      expect(await suite.chunks(document)).toHaveLength(index + 1);
    await eventually(() => expect(parsers.filter(isAlive)).toEqual([]));
  });

  async function countOf(status: string): Promise<number> {
    const [row] = await suite.rows<{ count: number }>(
      'select count(*)::integer as count from memory.ingestion_jobs where status = $1 and tenant_id = $2',
      [status, suite.tenant.tenantId],
    );
    return row!.count;
  }

  /** As a document does that brings its worker down while it is read. @returns the parser process, which it leaves */
  async function killAtParsing(document: IngestedDocument, attempt: number): Promise<number> {
    const worker = suite.workers.at(-1) as AppProcess;
    const parser = await eventually(
      async () => {
        expect(await jobOf(document)).toMatchObject({ status: 'parsing', attempt });
        const children = await childrenOf(worker.pid);
        expect(children).not.toEqual([]);
        return children.at(-1)!;
      },
      { timeoutMs: 60_000, intervalMs: 20 },
    ).catch((error: unknown) => {
      throw new Error(suite.logs(), { cause: error });
    });
    worker.kill('SIGKILL');
    await worker.exited;
    // All of its leases are over at once, and so is the pause after the second death.
    await suite.rows(
      `update memory.ingestion_jobs set lease_until = now() - interval '1 minute' where lease_until is not null`,
    );
    suite.startWorker();
    await eventually(
      async () => {
        const job = await jobOf(document);
        expect(job).not.toMatchObject({ status: 'parsing', attempt });
        if (job.status === 'queued') await makeDue(document);
      },
      { timeoutMs: 60_000, intervalMs: 20 },
    );
    return parser;
  }

  async function makeDue({ id }: IngestedDocument): Promise<void> {
    await suite.rows(
      `update memory.ingestion_jobs set due_at = now() where document_id = $1 and status = 'queued' and due_at > now()`,
      [id],
    );
  }
});
