import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPrivateServers, eventually, type Server, startPrivateRabbitMq } from '@parley/testing';
import { type IngestedDocument, IngestionSuite, textOfChunks } from './support/ingestion-suite.js';

const DOCUMENTS = 6;

describeWithPrivateServers('a broker that goes away in the middle of ingesting', () => {
  let broker: Server;
  let suite: IngestionSuite;

  beforeAll(async () => {
    broker = await startPrivateRabbitMq();
    suite = await IngestionSuite.start({ rabbitmqUrl: broker.endpoints.url });
  });
  afterAll(async () => {
    await suite?.stop();
    await broker?.remove();
  });

  it.each([
    // Not killed: RabbitMQ 3.10 can lose track of a quorum queue that was declared only minutes before.
    ['with its data', () => broker.stop()],
    ['empty', () => broker.remove()],
  ])('loses no document when it returns %s', async (_how, takeAway) => {
    const documents = await attachAll();
    await suite.stallProvider(documents, 2);
    await takeAway();
    await eventually(() => expect(suite.bus.isConnected).toBe(false));
    await suite.providerLink.restore();
    await eventually(async () => expect(await completedCount(documents)).toBe(2));
    await broker.start();
    await suite.bus.whenConnected(30_000);

    await suite.completed(documents);
    for (const document of documents) {
      expect(await suite.jobs(document)).toMatchObject([{ status: 'completed', attempt: 1 }]);
      expect(await suite.chunks(document)).toHaveLength(3);
    }
  });

  async function attachAll(): Promise<IngestedDocument[]> {
    const knowledgeBaseId = await suite.createKnowledgeBase();
    const files = await Promise.all(Array.from({ length: DOCUMENTS }, () => suite.upload(textOfChunks(3))));
    suite.providerLink.stall();
    return Promise.all(files.map((fileId) => suite.attach(knowledgeBaseId, fileId)));
  }

  async function completedCount(documents: IngestedDocument[]): Promise<number> {
    const jobs = (await Promise.all(documents.map((document) => suite.jobs(document)))).flat();
    return jobs.filter(({ status }) => status === 'completed').length;
  }
});
