import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { chunkDocument } from '../chunking/chunk-document.js';
import { misplacedChunks } from '../chunking/fixtures/misplaced-chunks.fixture.js';
import { IngestionError, type IngestionErrorCode } from './ingestion-error.js';
import { readInProcess, type ReadDocument } from './fixtures/parse-file.fixture.js';

interface ManifestEntry {
  path: string;
  status: 'ok' | 'encrypted' | 'no-text' | 'corrupt' | 'hostile' | 'unsupported' | 'garbled';
  special: string;
  phrase: string | null;
  may_refuse?: boolean;
}

const DATA = join(import.meta.dirname, '../../../../../shared/data');
const MANIFEST = join(DATA, 'documents/manifest.json');
const TIMEOUT_MS = 30_000;

/** What a file of each status may come to. Nothing else than these codes or a readable document is right. */
const ALLOWED: Readonly<Record<ManifestEntry['status'], readonly (IngestionErrorCode | 'read')[]>> = {
  ok: ['read'],
  encrypted: ['encrypted'],
  'no-text': ['no_text'],
  corrupt: ['corrupt', 'unsupported', 'read'],
  hostile: ['corrupt', 'too_large', 'timeout', 'unsupported', 'read'],
  unsupported: ['unsupported'],
  garbled: ['unknown_encoding', 'no_text', 'unsupported', 'read'],
};

function withoutSpaces(text: string): string {
  return text.normalize('NFKC').replace(/[\s\u200B-\u200F\u202A-\u202E\u2060-\u2069\u00AD\uFEFF]/g, '');
}

function textOf({ blocks }: ReadDocument): string {
  return blocks.map(({ text }) => text).join('\n');
}

async function read(path: string): Promise<ReadDocument | IngestionError> {
  try {
    return await readInProcess({ path: join(DATA, path), filename: path });
  } catch (error) {
    if (error instanceof IngestionError) return error;
    throw error;
  }
}

/** Good enough to cut by. */
function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

const isPresent = existsSync(MANIFEST);
if (!isPresent) console.warn(`Skipped: the test documents are not here (${MANIFEST}).`);
const entries = isPresent ? (JSON.parse(readFileSync(MANIFEST, 'utf8')) as ManifestEntry[]) : [];

(isPresent ? describe : describe.skip)('the documents of the manifest', () => {
  it.each(entries.map((entry) => [entry.path, entry.status, entry] as const))(
    'treats %s as %s, and cuts it into chunks that stand where they say',
    async (path, status, { phrase, special, may_refuse: mayRefuse }) => {
      const result = await read(path);
      const outcome = result instanceof IngestionError ? result.code : 'read';
      const allowed = mayRefuse ? [...ALLOWED[status], 'unknown_encoding'] : ALLOWED[status];
      expect(allowed).toContain(outcome);
      if (result instanceof IngestionError) {
        expect(result.message).toMatch(/^[A-Z].{15,}\.$/);
        return;
      }
      const chunks = chunkDocument(result, { maxTokens: 120, overlapTokens: 40, countTokens });
      expect(chunks.length).toBeGreaterThan(0);
      expect(misplacedChunks(chunks, result.blocks)).toEqual([]);
      const text = withoutSpaces(textOf(result));
      if (phrase !== null) expect(text).toContain(withoutSpaces(phrase));
      for (const word of /\(forbidden: ([^)]*)\)/.exec(special)?.[1]?.split(', ') ?? [])
        expect(text).not.toContain(word);
    },
    TIMEOUT_MS,
  );
});
