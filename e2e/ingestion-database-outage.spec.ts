import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { GetMemoryStatus } from '@parley/contracts';
import { describeWithServices, eventually, startTcpProxy, type TcpProxy } from '@parley/testing';
import { IngestionSuite, textOfChunks } from './support/ingestion-suite.js';

describeWithServices('a database that goes away in the middle of ingesting', () => {
  let proxy: TcpProxy;
  let suite: IngestionSuite;

  beforeAll(async () => {
    suite = await IngestionSuite.start({
      databaseUrlOf: async (url) => {
        proxy = await startTcpProxy(url);
        return proxy.url;
      },
    });
  });
  afterAll(async () => {
    await proxy?.restore();
    await suite?.stop();
    await proxy?.close();
  });

  it('is waited for: everything heals by itself when it returns', async () => {
    const knowledgeBaseId = await suite.createKnowledgeBase();
    const fileIds = await Promise.all([3, 4, 5, 6].map((count) => suite.upload(textOfChunks(count))));
    suite.providerLink.stall();
    const documents = await Promise.all(fileIds.map((fileId) => suite.attach(knowledgeBaseId, fileId)));
    await suite.stallProvider(documents, 2);

    proxy.sever();
    const embedded = suite.embeddedTexts().length;
    await suite.providerLink.restore();
    await eventually(() => expect(suite.embeddedTexts().length).toBeGreaterThan(embedded));
    await eventually(async () => expect(await suite.ask(GetMemoryStatus, {})).toMatchObject({ database: false }));
    await expect(suite.createKnowledgeBase()).rejects.toMatchObject({ code: 'service_unavailable' });
    await proxy.restore();

    await suite.completed(documents);
    for (const [index, document] of documents.entries()) {
      expect(await suite.chunks(document)).toHaveLength(index + 3);
      expect(await suite.vectorCount(document)).toBe(index + 3);
    }
    const processes = [suite.memory, ...suite.workers];
    expect(processes.map(({ isRunning }) => isRunning)).toEqual([true, true]);
  });
});
