import { type Readable, pipeline } from 'node:stream';
import { type BlobStore } from '@parley/blobs';
import { DomainError } from '@parley/contracts';
import { malformedForm } from './form-parts.js';
import { MeteredContent } from './metered-content.js';

export interface StoredContent {
  blobKey: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

/**
 * Writes an upload to the blob store as it arrives, counting and hashing it. When it fails, nothing is left.
 * @throws DomainError `file_too_large`, `service_unavailable`; `invalid_request` when the upload breaks off
 */
export async function storeContent(
  blobs: BlobStore,
  blobKey: string,
  content: Readable,
  maxBytes: number,
): Promise<StoredContent> {
  const metered = new MeteredContent(maxBytes);
  pipeline(content, metered, () => undefined);
  try {
    await blobs.put(blobKey, metered);
  } catch (error) {
    throw error instanceof DomainError ? error : malformedForm(error);
  }
  return { blobKey, bytes: metered.bytes, sha256: metered.sha256() };
}
