import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { DeleteDocument, DeleteFile, DeleteKnowledgeBase, GetDocument, GetFile } from '@parley/contracts';
import { describeWithServices, eventually } from '@parley/testing';
import { type IngestedDocument, IngestionSuite, textOfChunks } from './support/ingestion-suite.js';

const GONE = { chunks: 0, vectors: 0, documents: 0, jobs: 0 };

describeWithServices('deleting', () => {
  let suite: IngestionSuite;

  beforeAll(async () => {
    suite = await IngestionSuite.start();
  });
  afterEach(() => suite.providerLink.restore());
  afterAll(() => suite?.stop());

  it('a file takes its rows, chunks, vectors, statistics and original with it, and nothing else', async () => {
    const knowledgeBaseId = await suite.createKnowledgeBase();
    const [doomed, kept] = [await ingest(knowledgeBaseId, 5), await ingest(knowledgeBaseId, 7)];
    await suite.completed([doomed, kept]);
    expect(await traces(doomed)).toEqual({ chunks: 5, vectors: 5, documents: 1, jobs: 1 });
    const { fileId } = doomed;

    expect(await suite.ask(DeleteFile, { id: fileId })).toEqual({ id: fileId, deleted: true });
    expect(await traces(doomed)).toEqual(GONE);
    await expect(suite.ask(GetFile, { id: fileId })).rejects.toMatchObject({ code: 'not_found' });
    await expect(suite.ask(GetDocument, { knowledgeBaseId, fileId })).rejects.toMatchObject({ code: 'not_found' });
    await expect(suite.ask(DeleteFile, { id: fileId })).rejects.toMatchObject({ code: 'not_found' });
    await eventually(async () => expect(await suite.hasBlob(fileId)).toBe(false));

    expect(await traces(kept)).toEqual({ chunks: 7, vectors: 7, documents: 1, jobs: 1 });
    expect(await suite.hasBlob(kept.fileId)).toBe(true);
    expect(await countedChunks(knowledgeBaseId)).toBe(7);
  });

  it.each([
    ['its file', ({ fileId }: IngestedDocument) => suite.ask(DeleteFile, { id: fileId }), false],
    ['the document', ({ knowledgeBaseId, fileId }) => suite.ask(DeleteDocument, { knowledgeBaseId, fileId }), true],
    ['its knowledge base', ({ knowledgeBaseId }) => suite.ask(DeleteKnowledgeBase, { id: knowledgeBaseId }), true],
  ] as [string, (document: IngestedDocument) => Promise<unknown>, boolean][])(
    '%s while it is being ingested leaves nothing behind, and the worker goes on',
    async (_what, remove, keepsOriginal) => {
      const document = await ingest(await suite.createKnowledgeBase(), 800);
      await eventually(async () => expect((await traces(document)).chunks).toBeGreaterThan(0));
      await suite.stallProvider([document], 1);
      await remove(document);
      expect(await traces(document)).toEqual(GONE);
      await suite.providerLink.restore();
      const next = await ingest(await suite.createKnowledgeBase(), 3);
      await suite.completed([next]);
      expect(await traces(document)).toEqual(GONE);
      expect(await countedChunks(document.knowledgeBaseId)).toBe(0);
      await eventually(async () => expect(await suite.hasBlob(document.fileId)).toBe(keepsOriginal));
    },
  );

  async function ingest(knowledgeBaseId: string, chunks: number): Promise<IngestedDocument> {
    return suite.attach(knowledgeBaseId, await suite.upload(textOfChunks(chunks)));
  }

  async function traces(document: IngestedDocument): Promise<typeof GONE> {
    const [documents] = await suite.rows<{ count: number }>(
      'select count(*)::int as count from memory.documents where id = $1',
      [document.id],
    );
    return {
      chunks: (await suite.chunks(document)).length,
      vectors: await suite.vectorCount(document),
      documents: documents!.count,
      jobs: (await suite.jobs(document)).length,
    };
  }

  /** By the statistics that rank the search. */
  async function countedChunks(knowledgeBaseId: string): Promise<number> {
    const [total] = await suite.rows<{ chunks: number }>(
      'select coalesce(sum(chunks), 0)::int as chunks from memory.lexical_totals where knowledge_base_id = $1',
      [knowledgeBaseId],
    );
    const terms = await suite.rows<{ term: string }>(
      'select term from memory.lexical_terms where knowledge_base_id = $1 group by term having sum(chunks) <> 0',
      [knowledgeBaseId],
    );
    expect(terms.length > 0).toBe(total!.chunks > 0);
    return total!.chunks;
  }
});
