import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { EgressError } from './egress-error.js';

const DECODERS = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

/** Deflate is taken but not asked for: servers disagree on what it is. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

/**
 * What a server sent, without its compression. Both are counted as they come: as soon as one is above the limit the
 * stream ends with `too_large`, whatever was declared.
 * @throws EgressError `unsupported` for another compression, or for several
 */
export function decodedBody(body: Readable, encoding: string, maxBytes: number): AsyncIterable<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity') return capped(body, maxBytes);
  if (!Object.hasOwn(DECODERS, name)) {
    throw new EgressError('unsupported', `The page is compressed in a way that is not read (${name.slice(0, 32)}).`);
  }
  const decoder = DECODERS[name as keyof typeof DECODERS]();
  const raw = (source: AsyncIterable<Buffer>) => capped(source, maxBytes);
  return capped(pipeline(body, raw, decoder, () => undefined) as AsyncIterable<Buffer>, maxBytes);
}

export function tooLarge(maxBytes: number): EgressError {
  return new EgressError('too_large', `The page is larger than ${maxBytes.toLocaleString('en')} bytes.`);
}

async function* capped(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield piece;
  }
}
