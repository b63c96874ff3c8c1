import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { describeWithServices } from '@parley/testing';
import { freePort } from './support/app-process.js';
import { type IngestedDocument, IngestionSuite, textOfChunks } from './support/ingestion-suite.js';

/** Far longer than a drain, far shorter than the wait for a provider that does not answer. */
const SOON_MS = 20_000;

describeWithServices('a worker that is asked to stop', () => {
  let suite: IngestionSuite;

  beforeAll(async () => {
    suite = await IngestionSuite.start({ workers: 0 });
  });
  afterEach(() => suite.providerLink.restore());
  afterAll(() => suite?.stop());

  it('finishes what it has in hand, takes nothing more, and ends well', async () => {
    const port = await freePort();
    const worker = suite.startWorker({ PORT: String(port), SHUTDOWN_TIMEOUT_MS: '60000' });
    const documents = await attach(3);
    await suite.stallProvider(documents, 2);
    expect(await isReady(port)).toBe(true);
    const silent = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(silent, 'connect');
    const probes = Promise.all(Array.from({ length: 4 }, () => probeUntilUnready(port)));
    worker.kill('SIGTERM');
    await probes;
    await suite.providerLink.restore();
    expect({ exitCode: await worker.exited, output: worker.output }).toMatchObject({ exitCode: 0 });
    const jobs = (await Promise.all(documents.map((document) => suite.jobs(document)))).flat();
    const states = jobs.map(({ status, attempt }) => `${status} ${attempt}`);
    expect(states.toSorted()).toEqual(['completed 1', 'completed 1', 'queued 0']);
    const successor = suite.startWorker();
    await suite.completed(documents);
    await successor.stop();
  });

  it('hands back what it cannot finish in time, and ends well', async () => {
    const worker = suite.startWorker({ SHUTDOWN_TIMEOUT_MS: '500', INGESTION_LEASE_MS: '600000' });
    const documents = await attach(2);
    await suite.stallProvider(documents, 2);
    const startedAt = performance.now();
    worker.kill('SIGTERM');
    expect({ exitCode: await worker.exited, output: worker.output }).toMatchObject({ exitCode: 0 });
    expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
    for (const document of documents) expect(await suite.jobs(document)).toMatchObject([{ status: 'queued' }]);

    await suite.providerLink.restore();
    const successor = suite.startWorker();
    await suite.completed(documents);
    for (const document of documents) expect(await suite.chunks(document)).toHaveLength(3);
    await successor.stop();
  });

  async function attach(count: number): Promise<IngestedDocument[]> {
    const knowledgeBaseId = await suite.createKnowledgeBase();
    suite.providerLink.stall();
    const files = await Promise.all(Array.from({ length: count }, () => suite.upload(textOfChunks(3))));
    return Promise.all(files.map((fileId) => suite.attach(knowledgeBaseId, fileId)));
  }

  async function probeUntilUnready(port: number): Promise<void> {
    while (await isReady(port));
  }

  async function isReady(port: number): Promise<boolean> {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
    return response?.status === 200;
  }
});
