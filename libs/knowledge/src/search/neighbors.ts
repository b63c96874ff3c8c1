import { Injectable } from '@nestjs/common';
import { type SearchNeighbor, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';

/** A chunk, and the version of its document that a search has shown. */
export interface ChunkPosition {
  chunkId: string;
  documentId: string;
  version: number;
  ordinal: number;
}

/** The chunks that stand beside others. */
@Injectable()
export class Neighbors {
  constructor(private readonly database: Database) {}

  /**
   * Up to `reach` chunks before and after each, by chunk id, in the order of the document. Of a version that has been
   * replaced since it was searched there are none.
   */
  async of(
    tenant: TenantContext,
    chunks: readonly ChunkPosition[],
    reach: number,
  ): Promise<Map<string, SearchNeighbor[]>> {
    if (reach === 0 || chunks.length === 0) return new Map();
    const rows = await this.database.withTenant(tenant, (tx) =>
      tx.query<(SearchNeighbor & { besideChunkId: string })[]>(NEIGHBORS, [
        tenant.tenantId,
        chunks.map((chunk) => chunk.chunkId),
        chunks.map((chunk) => chunk.documentId),
        chunks.map((chunk) => chunk.version),
        chunks.map((chunk) => chunk.ordinal),
        reach,
      ]),
    );
    const found = new Map<string, SearchNeighbor[]>();
    for (const { besideChunkId, ...neighbor } of rows) {
      const known = found.get(besideChunkId);
      if (known) known.push(neighbor);
      else found.set(besideChunkId, [neighbor]);
    }
    return found;
  }
}

const NEIGHBORS = `
  select h.id as "besideChunkId", c.id as "chunkId", c.ordinal, c.text, c.locator
  from unnest($2::uuid[], $3::uuid[], $4::integer[], $5::integer[]) as h(id, document_id, version, ordinal)
  join memory.documents d on d.tenant_id = $1 and d.id = h.document_id and d.active_version = h.version
  join memory.chunks c on c.tenant_id = $1 and c.document_id = h.document_id and c.version = h.version
    and c.ordinal between h.ordinal - $6::integer and h.ordinal + $6::integer and c.ordinal <> h.ordinal
  order by c.document_id, c.ordinal`;
