import { type FileHandle, open } from 'node:fs/promises';
import { IngestionError } from './ingestion-error.js';
import { type ParsedFile, type ParseLimits } from './parsed-document.js';
import { ParserChild } from './parser-child.js';
import { type ParserRequest } from './parser-status.js';
import { parseSmallText } from './small-text.js';

export interface ParseFileInput {
  path: string;
  /** Where the blocks go: see `readBlockFile`. Worth nothing unless the file was read to its end. */
  blocksPath: string;
  /** As the user named it; only its extension counts, and less than the content. */
  filename: string;
  contentType?: string | undefined;
  /** A web page: only its article is read. */
  asArticle?: boolean | undefined;
  /** Kills the parser process. */
  signal?: AbortSignal | undefined;
  /** Told the share of the file that is read, 0 to 1, from time to time. */
  onProgress?: ((share: number) => void) | undefined;
}

/**
 * Reads a document in a process of its own: whatever the file does to its parser, this process goes on. Only small plain
 * texts are read in this one, see `parseSmallText`.
 * @throws IngestionError when the document cannot be indexed; anything else is worth another try.
 */
export async function parseFile(input: ParseFileInput, limits: ParseLimits): Promise<ParsedFile> {
  input.signal?.throwIfAborted();
  const file = await open(input.path, 'r');
  try {
    const { size } = await file.stat();
    if (size > limits.maxFileBytes) {
      const most = limits.maxFileBytes.toLocaleString('en');
      throw new IngestionError('too_large', `The file is larger than ${most} bytes.`);
    }
    const blocks = await open(input.blocksPath, 'w');
    try {
      const { filename, contentType, asArticle } = input;
      const text = { file, bytes: size, blocks, filename, contentType, maxTextChars: limits.maxTextChars };
      const parsed = asArticle ? null : await parseSmallText(text);
      return parsed ?? (await runParser(file, blocks, input, limits));
    } finally {
      await blocks.close();
    }
  } finally {
    await file.close();
  }
}

async function runParser(
  file: FileHandle,
  blocks: FileHandle,
  { filename, contentType, asArticle, signal, onProgress }: ParseFileInput,
  limits: ParseLimits,
): Promise<ParsedFile> {
  const { maxTextChars, maxPages, timeoutMs } = limits;
  const most = { maxTextChars, maxPages, timeoutMs };
  const request: ParserRequest = { filename: filename.slice(-255), contentType, asArticle, ...most };
  const child = new ParserChild(request, { input: file.fd, output: blocks.fd, limits, onProgress });
  const abort = (): void => child.kill(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await child.result;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
