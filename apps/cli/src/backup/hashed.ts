import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { type FileRecord } from './manifest.js';

/** A stream that passes everything on and says afterwards what it was. */
export class Hashed extends Transform {
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(private readonly onBytes: (total: number) => void = () => undefined) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    this.onBytes(this.#bytes);
    done(null, chunk);
  }

  /** Once it has ended. */
  record(): FileRecord {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

/** Reads to the end, keeping nothing. */
export async function hashOf(
  content: Readable,
  onBytes: (total: number) => void = () => undefined,
): Promise<FileRecord> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk);
    onBytes((bytes += chunk.length));
  }
  return { bytes, sha256: hash.digest('hex') };
}
