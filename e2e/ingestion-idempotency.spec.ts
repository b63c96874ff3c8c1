import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { IngestDocument } from '@parley/contracts';
import { describeWithServices, eventually } from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { IngestionSuite, textOfChunks } from './support/ingestion-suite.js';

describeWithServices('a command that is delivered more than once', () => {
  let suite: IngestionSuite;

  beforeAll(async () => {
    suite = await IngestionSuite.start({ workers: 2 });
  });
  afterAll(() => suite?.stop());

  it('is processed once, by one of two workers', async () => {
    const knowledgeBaseId = await suite.createKnowledgeBase();
    const fileId = await suite.upload(textOfChunks(40));
    const document = await suite.attach(knowledgeBaseId, fileId);
    const [{ id: jobId }] = (await suite.rows<{ id: string }>('select id from memory.ingestion_jobs')) as [
      { id: string },
    ];
    const deliver = () =>
      suite.bus.publishCommand(IngestDocument, { jobId, documentId: document.id }, suite.tenant, {
        messageId: uuidv7(),
      });
    await eventually(deliver);
    await Promise.all(Array.from({ length: 12 }, deliver));
    await suite.completed([document]);
    await Promise.all(Array.from({ length: 4 }, deliver));
    await eventually(async () => expect(await suite.bus.queueLength(IngestDocument)).toBe(0));

    expect(await suite.jobs(document)).toMatchObject([{ status: 'completed', attempt: 1 }]);
    expect(await suite.chunks(document)).toHaveLength(40);
    expect(await suite.vectorCount(document)).toBe(40);
    expect((await suite.document(document)).chunkCount).toBe(40);
    expect(suite.embeddedTexts()).toHaveLength(40);
  });
});
