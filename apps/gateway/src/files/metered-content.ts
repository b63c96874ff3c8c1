import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { DomainError } from '@parley/contracts';

/** Passes an upload on while counting and hashing it, and fails with `file_too_large` at the first byte too many. */
export class MeteredContent extends Transform {
  #bytes = 0;
  readonly #hash = createHash('sha256');

  constructor(private readonly maxBytes: number) {
    super();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Hexadecimal; to be asked once, after the end. */
  sha256(): string {
    return this.#hash.digest('hex');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.maxBytes) {
      done(new DomainError('file_too_large', `The file is larger than ${this.maxBytes} bytes.`, { param: 'file' }));
      return;
    }
    this.#hash.update(chunk);
    done(null, chunk);
  }
}
