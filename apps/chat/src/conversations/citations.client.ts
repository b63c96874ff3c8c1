import { Injectable } from '@nestjs/common';
import {
  type FileCitation,
  MAX_CITATIONS,
  type TenantContext,
  type VerifiedCitation,
  VerifyCitations,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';

@Injectable()
export class CitationsClient {
  constructor(private readonly bus: MessageBus) {}

  /** What became of the cited documents since, one for each citation. @throws DomainError `timeout`, `service_unavailable` */
  async verify(tenant: TenantContext, citations: readonly FileCitation[]): Promise<VerifiedCitation[]> {
    const verified: VerifiedCitation[] = [];
    for (let start = 0; start < citations.length; start += MAX_CITATIONS) {
      const claims = citations.slice(start, start + MAX_CITATIONS).map(({ fileId, chunkId, quote, locator }) => {
        return { fileId, chunkId, quote, ...(locator ? { locator } : {}) };
      });
      verified.push(...(await this.bus.request(VerifyCitations, { citations: claims }, tenant)).citations);
    }
    return verified;
  }
}
