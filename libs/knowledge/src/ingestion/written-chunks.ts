import { Injectable } from '@nestjs/common';
import { Database, storableJson, storableText } from '@parley/persistence';
import { type EmbeddingSpace } from '../spaces/embedding-space.js';
import { type NewChunk } from './chunk-writer.js';
import { type Lease, LeaseLostError } from './lease.js';

/** A chunk before it is embedded. */
export type ChunkDraft = Omit<NewChunk, 'embedding'>;

/** What earlier attempts at a job have written: embedding is the slow and dear part, and is not done twice. */
@Injectable()
export class WrittenChunks {
  constructor(private readonly database: Database) {}

  /**
   * The chunks that are not in the space yet exactly as they are now. The others are counted as written, and the lease is
   * renewed.
   * @throws LeaseLostError
   */
  async missing<Draft extends ChunkDraft>(
    lease: Lease,
    space: EmbeddingSpace,
    chunks: readonly Draft[],
  ): Promise<Draft[]> {
    const written = await this.database.withTenant(lease.tenant, async (tx) => {
      const found = await tx.query<{ ordinal: number }[]>(sameChunks(space), [
        lease.tenant.tenantId,
        lease.documentId,
        lease.version,
        chunks.map(({ ordinal }) => ordinal),
        chunks.map(({ text }) => storableText(text)),
        chunks.map(({ tokenCount }) => tokenCount),
        chunks.map(({ locator }) => storableJson(locator)),
      ]);
      const counted = await tx.query<unknown[]>(COUNT, [
        lease.tenant.tenantId,
        lease.jobId,
        lease.token,
        lease.leaseMs,
        found.length,
      ]);
      if (counted.length === 0) throw new LeaseLostError(lease);
      return new Set(found.map(({ ordinal }) => ordinal));
    });
    return chunks.filter(({ ordinal }) => !written.has(ordinal));
  }
}

/** The table's name comes from the registry, which lets only such names in. */
function sameChunks(space: EmbeddingSpace): string {
  return `
    select c.ordinal from unnest($4::integer[], $5::text[], $6::integer[], $7::jsonb[])
      as wanted(ordinal, text, token_count, locator)
    join memory.chunks c on c.tenant_id = $1 and c.document_id = $2 and c.version = $3 and c.ordinal = wanted.ordinal
      and c.text = wanted.text and c.token_count = wanted.token_count and c.locator = wanted.locator
    join memory.${space.tableName} e on e.tenant_id = $1 and e.document_id = $2 and e.version = $3
      and e.ordinal = wanted.ordinal`;
}

const COUNT = `
  with job as (
    update memory.ingestion_jobs
    set heartbeat_at = clock_timestamp(), lease_until = clock_timestamp() + $4 * interval '1 millisecond',
      chunks_written = chunks_written + $5
    where tenant_id = $1 and id = $2 and lease_token = $3 and status in ('parsing', 'embedding', 'indexing')
    returning 1
  )
  select * from job`;
