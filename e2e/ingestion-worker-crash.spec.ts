import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithServices, eventually } from '@parley/testing';
import { type IngestedDocument, IngestionSuite, textOfChunks } from './support/ingestion-suite.js';

/** More than one embedding request per document. */
const CHUNKS = [258, 262, 266, 270];

describeWithServices('a worker that is killed in the middle of several documents', () => {
  let suite: IngestionSuite;

  beforeAll(async () => {
    suite = await IngestionSuite.start();
  });
  afterAll(() => suite?.stop());

  it('loses nothing and leaves nothing twice', async () => {
    const fileIds = await Promise.all(CHUNKS.map((count) => suite.upload(textOfChunks(count))));
    const attachAll = async () => {
      const knowledgeBaseId = await suite.createKnowledgeBase();
      return Promise.all(fileIds.map((fileId) => suite.attach(knowledgeBaseId, fileId)));
    };
    const undisturbed = await attachAll();
    await suite.completed(undisturbed);

    const disturbed = await attachAll();
    await eventually(async () => expect(await chunkCount(disturbed)).toBeGreaterThan(0));
    await suite.stallProvider(disturbed, 2);
    const [killed] = suite.workers;
    killed!.kill('SIGKILL');
    await killed!.exited;
    await suite.providerLink.restore();
    const unfinished = (await Promise.all(disturbed.map((document) => suite.document(document)))).filter(
      ({ status }) => status !== 'completed',
    );
    expect(unfinished.length).toBeGreaterThan(0);

    suite.startWorker();
    await suite.completed(disturbed);
    for (const [index, document] of disturbed.entries()) {
      const chunks = await suite.chunks(document);
      expect(chunks).toHaveLength(CHUNKS[index]!);
      expect(chunks).toEqual(await suite.chunks(undisturbed[index]!));
      expect(await suite.vectorCount(document)).toBe(CHUNKS[index]);
      expect(await suite.jobs(document)).toMatchObject([{ status: 'completed' }]);
    }
    const attempts = (await Promise.all(disturbed.map((document) => suite.jobs(document)))).map(
      ([job]) => job!.attempt,
    );
    expect(Math.max(...attempts)).toBe(2);
  });

  async function chunkCount(documents: IngestedDocument[]): Promise<number> {
    const ids = documents.map(({ id }) => id);
    const [row] = await suite.rows<{ count: number }>(
      'select count(*)::int as count from memory.chunks where document_id = any($1)',
      [ids],
    );
    return row!.count;
  }
});
