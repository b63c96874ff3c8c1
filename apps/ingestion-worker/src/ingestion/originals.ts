import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { BlobStore } from '@parley/blobs';
import { type Lease } from '@parley/knowledge';

/** The file that a document is made from, on disk for its parser. */
export interface Original {
  path: string;
  filename: string;
  contentType: string;
  /** A web page: only its article is read. */
  asArticle?: boolean;
}

/** The first step: where the content of a document comes from. */
@Injectable()
export class Originals {
  constructor(private readonly blobs: BlobStore) {}

  /** @throws DomainError `not_found`, or what the blob store throws; the signal's reason on abort */
  async fetch({ file }: Lease, folder: string, signal: AbortSignal): Promise<Original> {
    const path = join(folder, 'original');
    await pipeline(await this.blobs.get(file.blobKey), createWriteStream(path), { signal });
    return { path, filename: file.filename, contentType: file.contentType };
  }
}
