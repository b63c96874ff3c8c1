import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { type IngestionLedger, type Lease, type WebPage, WebPages } from '@parley/knowledge';
import { type ReadDocument } from './document-reader.js';
import { type Original, Originals } from './originals.js';
import { PageFetcher } from './page-fetcher.js';
import { pageFilename } from './page-name.js';

/** What has to happen in the transaction that ends the job. */
type Settle = Parameters<IngestionLedger['completeUnchanged']>[1];

/** Where the content of a document comes from. */
export interface Source {
  /** Null when what is indexed still holds. @throws FetchError, DomainError, LeaseLostError; the signal's reason on abort */
  fetch(folder: string, signal: AbortSignal): Promise<Original | null>;
  /** What is recorded of the document once it is indexed, or that there is no need to index it. */
  settlement(document: ReadDocument): Promise<Settle | 'unchanged' | undefined>;
  /** What is recorded when there is nothing new. */
  unchanged(): Settle;
}

@Injectable()
export class Sources {
  constructor(
    private readonly originals: Originals,
    private readonly pages: WebPages,
    private readonly fetcher: PageFetcher,
  ) {}

  async of(lease: Lease): Promise<Source> {
    const page = await this.pages.of(lease);
    return page ? this.#webPage(lease, page) : this.#upload(lease);
  }

  #upload(lease: Lease): Source {
    return {
      fetch: (folder, signal) => this.originals.fetch(lease, folder, signal),
      settlement: async () => undefined,
      unchanged: () => async () => undefined,
    };
  }

  #webPage(lease: Lease, page: WebPage): Source {
    let seen = { etag: page.etag, lastModified: page.lastModified };
    let finalUrl = page.url;
    return {
      fetch: async (folder, signal) => {
        const look = await this.fetcher.fetch(lease, page, folder, signal);
        ({ seen, finalUrl } = look);
        return look.original;
      },
      settlement: async (document) => {
        const { parsed } = document;
        const chunksSha256 = await hashOf(document.path);
        if (page.isRefresh && chunksSha256 === page.chunksSha256) return 'unchanged';
        const { title = null, byline = null, publishedAt = null } = parsed.article ?? {};
        const language = parsed.language ?? null;
        const facts = { title, byline, language, publishedAt, contentType: parsed.contentType };
        const filename = pageFilename(new URL(finalUrl), parsed);
        return this.pages.indexed(lease, page, { ...facts, chunksSha256, filename });
      },
      unchanged: () => this.pages.unchanged(lease, page, seen),
    };
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
