import { Injectable } from '@nestjs/common';
import { Search, type SearchHit, type SearchRequest, type TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { runMetrics } from './run-metrics.js';

export interface Retrieval {
  /** Best first, each followed by its neighbours. */
  passages: SearchHit[];
  durationMs: number;
}

@Injectable()
export class RetrievalClient {
  constructor(private readonly bus: MessageBus) {}

  /** @throws DomainError `not_found` for unknown knowledge bases, `timeout`, `service_unavailable` */
  async search(tenant: TenantContext, request: SearchRequest, signal: AbortSignal): Promise<Retrieval> {
    const startedAt = performance.now();
    try {
      const { hits } = await this.bus.request(Search, request, tenant, { signal });
      runMetrics.retrieved(hits.length > 0 ? 'found' : 'empty');
      return { passages: withNeighbors(hits), durationMs: Math.round(performance.now() - startedAt) };
    } catch (error) {
      runMetrics.retrieved('failed');
      throw error;
    }
  }
}

/** Each neighbour as a passage of its own, so that it can be cited; a hit, or the neighbour of a better one, stands once. */
export function withNeighbors(hits: readonly SearchHit[]): SearchHit[] {
  const seen = new Set(hits.map(({ chunkId }) => chunkId));
  return hits.flatMap(({ neighbors = [], ...hit }) => {
    const others = neighbors.filter(({ chunkId }) => !seen.has(chunkId));
    for (const { chunkId } of others) seen.add(chunkId);
    return [hit, ...others.map((neighbor) => ({ ...hit, ...neighbor }))];
  });
}
