import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type BlobStore } from '@parley/blobs';
import { DomainError, TenantContext } from '@parley/contracts';
import {
  type ChunkDraft,
  type ChunkWriter,
  type EmbeddingSpace,
  type Lease,
  type Progress,
  type WebPages,
  type WrittenChunks,
} from '@parley/knowledge';
import { countTokens, type EmbeddingBatch } from '@parley/llm';
import { type ParseFileInput } from '../parsing/parse-file.js';
import { type Block, DEFAULT_PARSE_LIMITS, type ParsedFile } from '../parsing/parsed-document.js';
import { type IngestionConfig } from './ingestion.config.js';
import { Originals } from './originals.js';
import { type PageFetcher } from './page-fetcher.js';
import { type SpaceEmbedder } from './space-embedder.js';
import { type VersionCompletion } from './version-completion.js';

let blocks: Block[] = [];
jest.unstable_mockModule('../parsing/parse-file.js', () => ({
  parseFile: async ({ blocksPath, onProgress }: ParseFileInput): Promise<ParsedFile> => {
    onProgress?.(0.5);
    await writeFile(blocksPath, blocks.map((block) => `${JSON.stringify({ block })}\n`).join(''));
    return { contentType: 'text/plain' };
  },
}));
const { DocumentReader } = await import('./document-reader.js');
const { EmbeddingStep } = await import('./embedding-step.js');
const { Pipeline } = await import('./pipeline.js');
const { Sources } = await import('./source.js');
const { EmbeddingError } = await import('./failure.js');

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'member' });
const space: EmbeddingSpace = {
  id: ID,
  model: 'some-model',
  dimensions: 2,
  state: 'active',
  tableName: 'embeddings',
  vectorWeight: 0.5,
};

/** Two texts per batch; what it fails with after a number of batches is set by the spec. */
class FakeEmbedder implements Pick<SpaceEmbedder, 'spaceOf' | 'embed'> {
  failure: { afterBatches: number; error: unknown } | undefined;
  onBatch = () => {};

  spaceOf = () => Promise.resolve(space);

  async *embed(_space: EmbeddingSpace, texts: string[]): AsyncGenerator<EmbeddingBatch> {
    for (let offset = 0; offset < texts.length; offset += 2) {
      if (this.failure && this.failure.afterBatches === offset / 2) throw this.failure.error;
      this.onBatch();
      const vectors = texts.slice(offset, offset + 2).map((_, index) => Float32Array.of(offset + index, 1));
      yield { offset, vectors, promptTokens: 1 };
    }
  }
}

function someLease(language: Lease['language'] = null): Lease {
  const file = { id: ID, filename: 'notes.txt', contentType: 'text/plain', bytes: 1, blobKey: 'key' };
  const chunking = { maxChunkSizeTokens: 100, chunkOverlapTokens: 0 };
  return { jobId: ID, tenant, knowledgeBaseId: ID, file, chunking, embeddingSpace: space, language } as Lease;
}

const paragraphs = (count: number): Block[] =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'paragraph',
    text: `${index}: ${'word '.repeat(80)}`,
    locator: { page: index + 1 },
  }));

describe('Pipeline', () => {
  let embedder: FakeEmbedder;
  let log: string[];
  let written: { ordinal: number; embedding: number[] }[];
  const running = () => new AbortController().signal;

  /** Loads the vocabulary, which can take its time. */
  beforeAll(() => void countTokens('word'), 60_000);

  beforeEach(() => {
    embedder = new FakeEmbedder();
    blocks = paragraphs(5);
    [log, written] = [[], []];
  });

  function pipeline() {
    const blobs = { get: async () => Readable.from(['content']) } as unknown as BlobStore;
    const writer = {
      write: async (_lease, _space, rows) => {
        log.push(`write ${rows.length}`);
        for (const { ordinal, embedding } of rows)
          written.push({ ordinal, embedding: [...(embedding as Float32Array)] });
      },
    } as Pick<ChunkWriter, 'write'> as ChunkWriter;
    const ledger = {
      advance: async (_lease: Lease, status: string, { percent, chunksTotal }: Progress) =>
        void log.push(`${status} ${percent} %${chunksTotal ? ` of ${chunksTotal}` : ''}`),
      heartbeat: async (_lease: Lease, { percent }: Progress) => void log.push(`${Math.round(percent!)} %`),
    };
    const completion = {
      complete: async (_lease, { chunkCount }) => void log.push(`complete ${chunkCount}`),
    } as Pick<VersionCompletion, 'complete'> as VersionCompletion;
    /** As the tables would tell: what was written in this spec is there. */
    const chunks = {
      missing: async <Draft extends ChunkDraft>(_lease: Lease, _space: EmbeddingSpace, drafts: readonly Draft[]) =>
        drafts.filter(({ ordinal }) => !written.some((row) => row.ordinal === ordinal)),
    } as WrittenChunks;
    const reader = new DocumentReader({ parseLimits: DEFAULT_PARSE_LIMITS } as IngestionConfig);
    const embedding = new EmbeddingStep(embedder as unknown as SpaceEmbedder, writer, chunks);
    const uploads = new Sources(
      new Originals(blobs),
      { of: async () => null } as unknown as WebPages,
      {} as PageFetcher,
    );
    return new Pipeline(uploads, reader, embedding, ledger as never, completion);
  }

  it('writes each batch as soon as it is embedded, with the chunk that belongs to each vector', async () => {
    await pipeline().run(someLease(), running());
    expect(log).toEqual([
      '10 %',
      'embedding 20 % of 5',
      ...['write 2', '52 %', 'write 2', '83 %', 'write 1'],
      'indexing 99 %',
      'complete 5',
    ]);
    expect(written).toEqual([0, 1, 2, 3, 4].map((ordinal) => ({ ordinal, embedding: [ordinal, 1] })));
  });

  it('embeds only what an earlier attempt has not written', async () => {
    embedder.failure = { afterBatches: 2, error: new Error('It is down.') };
    await expect(pipeline().run(someLease(), running())).rejects.toThrow('It is down.');
    embedder.failure = undefined;
    let batches = 0;
    embedder.onBatch = () => batches++;
    await pipeline().run(someLease('en'), running());
    expect(batches).toBe(1);
    expect(written.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3, 4]);
    expect(log.slice(-3)).toEqual(['write 1', 'indexing 99 %', 'complete 5']);
  });

  it('leaves no file behind, whatever happens', async () => {
    const workspaces = async () => (await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`));
    const before = await workspaces();
    await pipeline().run(someLease(), running());
    embedder.failure = { afterBatches: 0, error: new Error('broken') };
    await expect(pipeline().run(someLease(), running())).rejects.toThrow('broken');
    expect(await workspaces()).toEqual(before);
  });

  it('keeps what was written before the provider failed', async () => {
    const error = new EmbeddingError(new DomainError('provider_rate_limited', 'Slow down.'));
    embedder.failure = { afterBatches: 1, error };
    await expect(pipeline().run(someLease(), running())).rejects.toBe(error);
    expect(written).toHaveLength(2);
  });

  it('writes nothing more once it is told to stop', async () => {
    const stop = new AbortController();
    embedder.onBatch = () => written.length > 0 && stop.abort(new Error('The app is stopping.'));
    await expect(pipeline().run(someLease(), stop.signal)).rejects.toThrow('The app is stopping.');
    expect(written).toHaveLength(2);
    expect(log.some((entry) => entry.startsWith('indexing'))).toBe(false);
  });

  it('says that a file holds no text', async () => {
    blocks = [];
    await expect(pipeline().run(someLease(), running())).rejects.toMatchObject({ code: 'no_text' });
  });
});
