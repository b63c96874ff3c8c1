import { Injectable } from '@nestjs/common';
import { type ChunkLocator, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';

/** A chunk that searches show, under the file that holds it; the same content is in a knowledge base once. */
export interface ShownChunk {
  fileId: string;
  knowledgeBaseId: string;
  chunkId: string;
  ordinal: number;
  text: string;
  locator: ChunkLocator;
}

@Injectable()
export class CitationsRepository {
  constructor(private readonly database: Database) {}

  /** Those of the files that a knowledge base holds, with their names. */
  async filenames(
    tenant: TenantContext,
    fileIds: readonly string[],
    knowledgeBaseIds: readonly string[] | null,
  ): Promise<Map<string, string>> {
    const rows: { id: string; filename: string }[] = await this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select f.id, f.filename from memory.files f
         where f.tenant_id = $1 and f.id = any($2) and exists (
           select from memory.documents d
           where d.tenant_id = $1 and d.file_id = f.id and ($3::uuid[] is null or d.knowledge_base_id = any($3)))`,
        [tenant.tenantId, fileIds, knowledgeBaseIds],
      ),
    );
    return new Map(rows.map(({ id, filename }) => [id, filename]));
  }

  /** Chunks by their ids, as far as the files show them now. */
  chunks(
    tenant: TenantContext,
    fileIds: readonly string[],
    chunkIds: readonly string[],
    knowledgeBaseIds: readonly string[] | null,
  ): Promise<ShownChunk[]> {
    return this.#shown(tenant, 'c.id = any($4)', [fileIds, knowledgeBaseIds, chunkIds]);
  }

  /** Chunks of one file that hold a text literally, in order. */
  chunksWith(
    tenant: TenantContext,
    fileId: string,
    text: string,
    knowledgeBaseIds: readonly string[] | null,
    limit: number,
  ): Promise<ShownChunk[]> {
    return this.#shown(tenant, 'position($4 in c.text) > 0', [[fileId], knowledgeBaseIds, text], limit);
  }

  #shown(
    tenant: TenantContext,
    condition: string,
    parameters: unknown[],
    limit: number | null = null,
  ): Promise<ShownChunk[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select d.file_id as "fileId", d.knowledge_base_id as "knowledgeBaseId", c.id as "chunkId", c.ordinal, c.text,
           c.locator
         from memory.document_states d
         join memory.chunks c on c.tenant_id = $1 and c.document_id = d.content_id and c.version = d.active_version
         where d.tenant_id = $1 and d.file_id = any($2) and ($3::uuid[] is null or d.knowledge_base_id = any($3))
           and ${condition}
         order by d.id, c.ordinal limit $5`,
        [tenant.tenantId, ...parameters, limit],
      ),
    );
  }
}
