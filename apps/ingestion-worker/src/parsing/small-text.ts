import { type FileHandle } from 'node:fs/promises';
import { BlockFileWriter } from './block-file.js';
import { documentKind, extensionOf } from './document-kind.js';
import { decodeUnicode } from './encoding/unicode-encoding.js';
import { parseDocument } from './parse-document.js';
import { type ParsedFile } from './parsed-document.js';

/** Takes a few milliseconds at most, whatever it says. */
const MAX_BYTES = 64 * 1024;

export interface TextFile {
  file: FileHandle;
  bytes: number;
  /** Where its blocks go. */
  blocks: FileHandle;
  filename: string;
  contentType?: string | undefined;
  maxTextChars: number;
}

/**
 * Reads a small plain text in UTF-8 in this process: starting a process costs a hundred times as much as reading the text,
 * and there is no format in it that could harm its reader. Null for every other file: it has not been read then.
 * @throws IngestionError
 */
export async function parseSmallText(text: TextFile): Promise<ParsedFile | null> {
  const { file, blocks, filename, contentType, maxTextChars } = text;
  if (text.bytes > MAX_BYTES) return null;
  // With a position, so that the file is still at its start for another reader.
  const { buffer, bytesRead } = await file.read(Buffer.alloc(text.bytes), 0, text.bytes, 0);
  const bytes = buffer.subarray(0, bytesRead);
  if (bytesRead < text.bytes || documentKind(bytes, extensionOf(filename), contentType) !== 'txt') return null;
  if (decodeUnicode(bytes, 'utf-8') === undefined) return null;
  const pieces: Buffer[] = [];
  const writer = new BlockFileWriter((piece) => pieces.push(piece));
  const parsed = await parseDocument(
    { bytes, filename, contentType, maxTextChars },
    { block: (block) => writer.add(block) },
  );
  writer.end();
  await blocks.writeFile(Buffer.concat(pieces));
  return parsed;
}
