import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import {
  type CitationClaim,
  type QuotePlace,
  type TenantContext,
  type VerifiedCitation,
  type VerifyCitationsReply,
  type VerifyCitationsRequest,
} from '@parley/contracts';
import { isQuotedFrom } from '@parley/knowledge';
import { CitationsRepository, type ShownChunk } from './citations.repository.js';

@Injectable()
export class CitationsService {
  constructor(private readonly citations: CitationsRepository) {}

  /**
   * Says of each citation whether what it claims is still so. A quote whose chunk is gone is looked for in the rest of its
   * file: a new version of a file, or another cut, often says the same.
   */
  async verify(tenant: TenantContext, request: VerifyCitationsRequest): Promise<VerifyCitationsReply> {
    const { citations } = request;
    const scope = request.knowledgeBaseIds ?? null;
    const fileIds = unique(citations.map(({ fileId }) => fileId));
    const filenames = await this.citations.filenames(tenant, fileIds, scope);
    const chunkIds = unique(citations.map(({ chunkId }) => chunkId));
    const chunks =
      filenames.size === 0 ? [] : await this.citations.chunks(tenant, [...filenames.keys()], chunkIds, scope);
    const verified: VerifiedCitation[] = [];
    // One after the other: an answer cites a handful, and each search for a moved quote reads a whole file.
    for (const claim of citations) verified.push(await this.#verify(tenant, claim, { filenames, chunks, scope }));
    return { citations: verified };
  }

  async #verify(
    tenant: TenantContext,
    claim: CitationClaim,
    known: { filenames: ReadonlyMap<string, string>; chunks: readonly ShownChunk[]; scope: string[] | null },
  ): Promise<VerifiedCitation> {
    const filename = known.filenames.get(claim.fileId);
    if (filename === undefined) return { state: 'deleted', filename: null, place: null };
    const cited = known.chunks.find(({ chunkId, fileId }) => chunkId === claim.chunkId && fileId === claim.fileId);
    if (cited && isAsClaimed(cited, claim)) return { state: 'verified', filename, place: placeOf(cited) };
    const [moved] = claim.quote.trim() === '' ? [] : await this.#holding(tenant, claim, known.scope);
    return { state: 'changed', filename, place: moved ? placeOf(moved) : null };
  }

  #holding(tenant: TenantContext, { fileId, quote }: CitationClaim, scope: string[] | null): Promise<ShownChunk[]> {
    return this.citations.chunksWith(tenant, fileId, quote, scope, 1);
  }
}

function isAsClaimed({ text, locator }: ShownChunk, claim: CitationClaim): boolean {
  const isInPlace = claim.locator === undefined || isDeepStrictEqual(claim.locator, locator);
  return isInPlace && isQuotedFrom(text, claim.quote);
}

function placeOf({ knowledgeBaseId, chunkId, ordinal, locator }: ShownChunk): QuotePlace {
  return { knowledgeBaseId, chunkId, ordinal, locator };
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
