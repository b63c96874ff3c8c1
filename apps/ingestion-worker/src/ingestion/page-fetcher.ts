import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { BlobStore } from '@parley/blobs';
import { DomainError } from '@parley/contracts';
import { EgressClient, EgressError, type EgressResponse } from '@parley/egress';
import { type FetchedContent, type Lease, type WebPage, WebPages } from '@parley/knowledge';
import { FetchError } from './failure.js';
import { IngestionConfig } from './ingestion.config.js';
import { type Original } from './originals.js';
import { parserFilename } from './page-name.js';

/** What may be a document; what it is is told by its content. Of the rest nothing is downloaded. */
const WANTED =
  /^(?:|text\/.+|application\/(?:xhtml\+xml|pdf|x-pdf|csv|msword|octet-stream|zip|vnd\.openxmlformats-officedocument\.wordprocessingml\.document)|binary\/octet-stream)$/;

export interface Look {
  /** Null when the page is as it was. */
  original: Original | null;
  finalUrl: string;
  seen: Pick<WebPage, 'etag' | 'lastModified'>;
}

/** The first step for a web page: fetched, kept as the original of its document, and written to disk for the parser. */
@Injectable()
export class PageFetcher {
  constructor(
    private readonly egress: EgressClient,
    private readonly blobs: BlobStore,
    private readonly pages: WebPages,
    private readonly config: IngestionConfig,
  ) {}

  /**
   * A later attempt of the same job goes on with what an earlier one has fetched.
   * @throws FetchError, LeaseLostError, DomainError when the blob store failed; the signal's reason on abort
   */
  async fetch(lease: Lease, page: WebPage, folder: string, signal: AbortSignal): Promise<Look> {
    const path = join(folder, 'original');
    const { fetched } = page;
    if (fetched?.jobId === lease.jobId && (await this.#copyKept(fetched, path, signal))) return lookOf(fetched, path);
    const response = await this.#request(page, signal);
    const { etag, lastModified } = response;
    const finalUrl = response.url.href;
    const unchanged = { original: null, finalUrl, seen: { etag, lastModified } };
    if (response.isNotModified) return unchanged;
    const { bytes, sha256 } = await download(response, path, signal);
    if (page.isRefresh && sha256 === page.contentSha256) return unchanged;
    const { jobId, tenant } = lease;
    const blobKey = `${tenant.tenantId}/${jobId}`;
    await this.blobs.put(blobKey, createReadStream(path));
    const fetchedAt = new Date().toISOString();
    const { contentType } = response;
    const kept = { jobId, blobKey, bytes, sha256, contentType, finalUrl, etag, lastModified, fetchedAt };
    await this.pages.keep(lease, kept);
    return lookOf(kept, path);
  }

  async #request(page: WebPage, signal: AbortSignal): Promise<EgressResponse> {
    try {
      const response = await this.egress.get(page.url, {
        maxBytes: this.config.parseMaxFileBytes,
        accepts: (mediaType) => WANTED.test(mediaType),
        known: page.isRefresh ? page : undefined,
        signal,
      });
      if (!response.isNotModified || page.isRefresh) return response;
      response.body.destroy();
      throw new EgressError('http_error', 'The server answered with status 304 although nothing was known.', {
        status: 304,
      });
    } catch (error) {
      throw asFetchError(error);
    }
  }

  /** False when it is gone: then it is fetched again. */
  async #copyKept({ blobKey }: FetchedContent, path: string, signal: AbortSignal): Promise<boolean> {
    try {
      await pipeline(await this.blobs.get(blobKey), createWriteStream(path), { signal });
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'not_found') return false;
      throw error;
    }
  }
}

async function download(
  { body }: EgressResponse,
  path: string,
  signal: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const metered = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      bytes += piece.length;
      hash.update(piece);
      yield piece;
    }
  };
  try {
    await pipeline(body, metered, createWriteStream(path), { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw asFetchError(error);
  }
  return { bytes, sha256: hash.digest('hex') };
}

function lookOf({ contentType, finalUrl, etag, lastModified }: FetchedContent, path: string): Look {
  const filename = parserFilename(new URL(finalUrl), contentType);
  return { original: { path, filename, contentType, asArticle: true }, finalUrl, seen: { etag, lastModified } };
}

function asFetchError(error: unknown): unknown {
  return error instanceof EgressError ? new FetchError(error) : error;
}
