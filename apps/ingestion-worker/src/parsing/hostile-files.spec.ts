import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOSTILE_FILES } from './fixtures/hostile-files.fixture.js';
import { readInProcess } from './fixtures/parse-file.fixture.js';
import { IngestionError } from './ingestion-error.js';
import { MAX_BLOCK_CHARS } from './parsed-document.js';

/** The wall clock is patient with busy machines; processor time and memory are not. */
const LIMITS = { timeoutMs: 100_000, maxCpuSeconds: 20, maxMemoryMb: 256 };
const TIMEOUT_MS = 120_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a hostile file', () => {
  it.each(Object.entries(HOSTILE_FILES))(
    'is read or refused for a reason, within the limits: %s',
    async (name, { filename, content, outcomes }) => {
      const path = join(folder, `${Object.keys(HOSTILE_FILES).indexOf(name)}`);
      await writeFile(path, content());
      const outcome = await readInProcess({ path, filename }, LIMITS).then(
        ({ blocks }) => {
          for (const { text } of blocks) expect(text.length).toBeLessThanOrEqual(MAX_BLOCK_CHARS);
          return 'read';
        },
        (error: unknown) => {
          if (error instanceof IngestionError) return error.code;
          throw error;
        },
      );
      expect(outcomes).toContain(outcome);
    },
    TIMEOUT_MS,
  );
});
