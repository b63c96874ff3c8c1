import { posix } from 'node:path';
import { type BlockDraft, type BlockWriter } from '../block-writer.js';
import { parseHtml } from '../html/html.parser.js';
import { IngestionError } from '../ingestion-error.js';
import { parsePlainText } from '../plain-text.parser.js';
import { type RelatedPart } from './relationships.js';
import { type ZipArchive } from './zip-archive.js';

const MAX_DOCUMENTS = 100;

export type InsertedReader = (bytes: Buffer, out: BlockWriter) => unknown;

const READERS: Readonly<Record<string, InsertedReader>> = {
  '.html': (bytes, out) => parseHtml({ bytes, extension: 'html' }, out),
  '.htm': (bytes, out) => parseHtml({ bytes, extension: 'html' }, out),
  '.xhtml': (bytes, out) => parseHtml({ bytes, extension: 'html' }, out),
  '.txt': (bytes, out) => parsePlainText({ bytes, extension: 'txt' }, out),
};

/**
 * The text of documents that are inserted whole (`altChunk`), as programs do that put Word documents together; Word itself
 * merges them when it saves. One that cannot be read is left out: the rest of the document is worth having.
 * @param readDocx for Word documents among them, if those are to be read
 */
export async function insertedDocuments(
  zip: ZipArchive,
  parts: readonly RelatedPart[],
  out: BlockWriter,
  readDocx: InsertedReader | undefined,
): Promise<Map<string, BlockDraft[]>> {
  const documents = new Map<string, BlockDraft[]>();
  for (const { id, path } of parts.slice(0, MAX_DOCUMENTS)) {
    const extension = posix.extname(path).toLowerCase();
    const read = extension === '.docx' ? readDocx : READERS[extension];
    if (!read) continue;
    const drafts: BlockDraft[] = [];
    const sink = out.nested({
      block: ({ kind, text, level, header }) => drafts.push({ kind, text, level, header }),
    });
    try {
      await read(await bytesOf(zip.read(path)), sink);
    } catch (error) {
      if (!(error instanceof IngestionError) || error.code === 'too_large') throw error;
      continue;
    }
    documents.set(id, drafts);
  }
  return documents;
}

async function bytesOf(part: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of part) pieces.push(piece);
  return Buffer.concat(pieces);
}
