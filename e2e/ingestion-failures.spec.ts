import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithServices, sharedData } from '@parley/testing';
import { type IngestedDocument, IngestionSuite, textOfChunks } from './support/ingestion-suite.js';

/** One and two retries, see libs/llm. */
const REQUESTS_PER_ATTEMPT = 3;
/** See memory.ingestion_jobs. */
const MAX_ATTEMPTS = 5;

describeWithServices('a document that cannot be ingested', () => {
  let suite: IngestionSuite;
  let knowledgeBaseId: string;

  beforeAll(async () => {
    suite = await IngestionSuite.start({ environment: { INGESTION_RETRY_PAUSE_MS: '10' } });
    knowledgeBaseId = await suite.createKnowledgeBase();
  });
  afterAll(() => suite?.stop());

  const attach = async (content: string | Buffer, filename?: string, contentType?: string) =>
    suite.attach(knowledgeBaseId, await suite.upload(content, filename, contentType));

  /** What an Office program writes for a document with a password: an OLE2 container around it. */
  const lockedDocx = Buffer.concat([
    Buffer.from('d0cf11e0a1b11ae1', 'hex'),
    Buffer.alloc(512),
    Buffer.from('EncryptedPackage', 'utf16le'),
    Buffer.alloc(512),
  ]);

  it.each([
    ['encrypted', 'plan.docx', lockedDocx, /password/],
    ['corrupt', 'paper.pdf', Buffer.from(`%PDF-1.7\n${'broken '.repeat(50)}`), /PDF/],
    ['no_text', 'empty.txt', Buffer.from(' \n \n'), /no text/],
  ])('has failed as %s at the first attempt, and says why', async (code, filename, content, message) => {
    const document = await attach(content, filename);
    const view = await suite.settled(document);
    expect(view).toMatchObject({ status: 'failed', error: { code, message: expect.stringMatching(message) } });
    expect(await suite.jobs(document)).toEqual([{ status: 'failed', attempt: 1, error_code: code }]);
    expect(await suite.chunks(document)).toEqual([]);
  });

  it('has failed as encrypted when it is a real PDF with a password', async () => {
    const path = sharedData('documents/pdf/issue3371.pdf');
    if (!path) return console.warn('skipped: the shared documents are not here');
    const view = await suite.settled(await attach(await readFile(path), 'locked.pdf', 'application/pdf'));
    expect(view).toMatchObject({ status: 'failed', error: { code: 'encrypted' } });
  });

  it('has failed as blob_missing when its original is gone', async () => {
    const fileId = await suite.upload(textOfChunks(1));
    await suite.removeBlob(fileId);
    const view = await suite.settled(await suite.attach(knowledgeBaseId, fileId));
    expect(view.error).toEqual({ code: 'blob_missing', message: 'The uploaded original is gone.' });
  });

  it('is tried again when the provider asks to wait, as late as it asks, and completes', async () => {
    suite.provider.failNext(
      { kind: 'status', status: 429, retryAfterSeconds: 1 },
      { times: REQUESTS_PER_ATTEMPT, route: 'embeddings' },
    );
    const startedAt = performance.now();
    const document = await attach(textOfChunks(3));
    expect(await suite.settled(document)).toMatchObject({ status: 'completed', chunkCount: 3 });
    expect(performance.now() - startedAt).toBeGreaterThan(REQUESTS_PER_ATTEMPT * 1_000);
    expect(await suite.jobs(document)).toMatchObject([{ status: 'completed', attempt: 2 }]);
  });

  it('has failed when the provider refuses it at every attempt, and is ingested when it is attached again', async () => {
    suite.provider.failNext({ kind: 'status', status: 401 }, { times: MAX_ATTEMPTS, route: 'embeddings' });
    const document = await attach(textOfChunks(3));
    const view = await suite.settled(document, 30_000);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'provider_error' } });
    expect(view.error!.message).toMatch(/could not be embedded: .*credentials/);
    expect(await suite.jobs(document)).toMatchObject([{ status: 'failed', attempt: MAX_ATTEMPTS }]);

    const again: IngestedDocument = await suite.attach(knowledgeBaseId, document.fileId);
    expect(again.id).toBe(document.id);
    expect(await suite.settled(again)).toMatchObject({ status: 'completed', error: null, chunkCount: 3 });
  });
});
