import { Injectable } from '@nestjs/common';
import { type OrphanKind, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';

const VERSIONS_PER_TURN = 1_000;
const REMOVALS_PER_TURN = 20;
const KNOWLEDGE_BASES_PER_TURN = 50;
const CHUNKS_COMPARED_PER_TURN = 5_000;

const FIRST = '00000000-0000-0000-0000-000000000000';

/** Where a table was left; the next turn goes on after it, or begins again when it is null. */
export interface VersionPlace {
  tenantId: string;
  documentId: string;
  version: number;
}

export interface BasePlace {
  tenantId: string;
  knowledgeBaseId: string;
}

export interface Turn<Place> {
  removed: number;
  place: Place | null;
}

interface VersionsRow {
  removed: number;
  tenant_id: string | null;
  document_id: string;
  version: number;
}

interface BasesRow {
  repaired: number;
  tenant_id: string | null;
  knowledge_base_id: string;
}

@Injectable()
export class OrphansRepository {
  constructor(private readonly database: Database) {}

  /** The table of chunks, and one of vectors for each embedding space. */
  async chunkTables(): Promise<string[]> {
    const rows = await this.#all<{ name: string }>('select name from memory.chunk_tables() as t(name)', []);
    return rows.map(({ name }) => name);
  }

  /** One step through a table, for all tenants. */
  async removeVersions(table: string, place: VersionPlace | null): Promise<Turn<VersionPlace>> {
    const { tenantId, documentId, version } = place ?? { tenantId: FIRST, documentId: FIRST, version: -1 };
    const [row] = await this.#all<VersionsRow>('select * from memory.remove_orphan_versions($1, $2, $3, $4, $5, $6)', [
      table,
      tenantId,
      documentId,
      version,
      VERSIONS_PER_TURN,
      REMOVALS_PER_TURN,
    ]);
    const { removed, tenant_id, document_id, version: last } = row!;
    const next = tenant_id === null ? null : { tenantId: tenant_id, documentId: document_id, version: last };
    return { removed, place: next };
  }

  /** One step through the knowledge bases of all tenants. */
  async repairStatistics(place: BasePlace | null): Promise<Turn<BasePlace>> {
    const { tenantId, knowledgeBaseId } = place ?? { tenantId: FIRST, knowledgeBaseId: FIRST };
    const [row] = await this.#all<BasesRow>('select * from memory.repair_lexical_statistics($1, $2, $3, $4)', [
      tenantId,
      knowledgeBaseId,
      KNOWLEDGE_BASES_PER_TURN,
      CHUNKS_COMPARED_PER_TURN,
    ]);
    const { repaired, tenant_id, knowledge_base_id } = row!;
    const next = tenant_id === null ? null : { tenantId: tenant_id, knowledgeBaseId: knowledge_base_id };
    return { removed: repaired, place: next };
  }

  /** Of these keys those that no file names. */
  async unknownBlobs(keys: readonly string[]): Promise<string[]> {
    const rows = await this.#all<{ key: string }>('select key from memory.unknown_blobs($1) as t(key)', [keys]);
    return rows.map(({ key }) => key);
  }

  async count(tenant: TenantContext): Promise<Record<Exclude<OrphanKind, 'blobs'>, number>> {
    const [row] = await this.database.withTenant(tenant, (tx) =>
      tx.query<{ chunks: string; vectors: string; statistics: string }[]>('select * from memory.count_orphans($1)', [
        tenant.tenantId,
      ]),
    );
    const { chunks, vectors, statistics } = row!;
    return { chunks: Number(chunks), vectors: Number(vectors), statistics: Number(statistics) };
  }

  #all<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.withoutTenant((tx) => tx.query<Row[]>(sql, parameters));
  }
}
