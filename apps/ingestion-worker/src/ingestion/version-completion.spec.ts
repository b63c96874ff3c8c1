import { Logger } from '@nestjs/common';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '@parley/contracts';
import {
  type ChunkWriter,
  type EmbeddingSpace,
  type EmbeddingSpaces,
  type IngestionLedger,
  type Lease,
  VectorsMissingError,
} from '@parley/knowledge';
import { EmbeddingError } from './failure.js';
import { type SpaceEmbedder } from './space-embedder.js';
import { VersionCompletion } from './version-completion.js';

const lease = { jobId: 'job', documentId: 'document' } as Lease;
const spaceOf = (id: string) => ({ id, model: id }) as EmbeddingSpace;
const running = () => new AbortController().signal;

describe('VersionCompletion', () => {
  let beside: EmbeddingSpace[];
  /** Ordinals without a vector, by space. */
  let missing: Map<string, number[]>;
  let failing: Set<string>;
  let left: Set<string>;
  let searched: string;
  let completed: number;
  let completion: VersionCompletion;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    beside = [spaceOf('new')];
    missing = new Map([['new', [0, 1, 2]]]);
    [failing, left, searched, completed] = [new Set(), new Set(), 'old', 0];
    const spaces = {
      kept: async () => beside,
      find: async (id: string) => spaceOf(id),
      missing: async (_lease: Lease, { id }: EmbeddingSpace) =>
        (missing.get(id) ?? []).slice(0, 2).map((ordinal) => ({ ordinal, text: `chunk ${ordinal}` })),
    };
    const embedder = {
      async *embed({ id }: EmbeddingSpace, texts: string[]) {
        if (failing.has(id)) throw new EmbeddingError(new DomainError('service_unavailable', 'down'));
        for (const offset of texts.keys()) yield { offset, vectors: [Float32Array.of(1)], promptTokens: 1 };
      },
    };
    const writer = {
      addVectors: async (_lease: Lease, { id }: EmbeddingSpace, rows: { ordinal: number }[]) => {
        if (left.has(id)) return 0;
        const written = rows.map(({ ordinal }) => ordinal);
        missing.set(
          id,
          (missing.get(id) ?? []).filter((ordinal) => !written.includes(ordinal)),
        );
        return rows.length;
      },
    };
    const ledger = {
      complete: async () => {
        if ((missing.get(searched) ?? []).length > 0) throw new VectorsMissingError(lease, searched);
        completed++;
      },
    };
    completion = new VersionCompletion(
      embedder as unknown as SpaceEmbedder,
      spaces as unknown as EmbeddingSpaces,
      writer as unknown as ChunkWriter,
      ledger as unknown as IngestionLedger,
    );
  });

  const complete = () => completion.complete(lease, { chunkCount: 3 }, running());

  it('embeds in every space that the knowledge base keeps before the version is shown', async () => {
    await complete();
    expect(missing.get('new')).toEqual([]);
    expect(completed).toBe(1);
  });

  it('does not hold a document up for a space that nobody searches', async () => {
    failing.add('new');
    await complete();
    expect(completed).toBe(1);
    expect(missing.get('new')).toHaveLength(3);
  });

  it('embeds in the space that the search has moved to meanwhile', async () => {
    beside = [];
    searched = 'new';
    await complete();
    expect(missing.get('new')).toEqual([]);
    expect(completed).toBe(1);
  });

  it('fails when the space that is searched cannot be written', async () => {
    searched = 'new';
    failing.add('new');
    await expect(complete()).rejects.toBeInstanceOf(EmbeddingError);
    failing.clear();
    left.add('new');
    await expect(complete()).rejects.toBeInstanceOf(VectorsMissingError);
    expect(completed).toBe(0);
  });
});
