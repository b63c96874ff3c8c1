import { Injectable } from '@nestjs/common';
import { type ChunkLocator } from '@parley/contracts';
import { Database, storableJson, storableText } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { analyse } from '../analysis/analyse.js';
import { detectLanguage } from '../analysis/detect-language.js';
import { type Language } from '../analysis/languages.js';
import { termVector } from '../analysis/term-vector.js';
import { type EmbeddingSpace } from '../spaces/embedding-space.js';
import { vectorText } from '../spaces/vector-text.js';
import { type Lease, LeaseLostError } from './lease.js';

/** A row is some 10 kB on the wire at 1,536 dimensions. */
const ROWS_PER_TRANSACTION = 64;

export interface NewVector {
  /** Of its chunk: the position in the document, from 0 without gaps. */
  ordinal: number;
  /** As long as the space has dimensions. */
  embedding: ArrayLike<number>;
}

export interface NewChunk extends NewVector {
  text: string;
  tokenCount: number;
  locator: ChunkLocator;
}

/** Writes the chunks of a document version, which stay invisible until the ledger completes the job. */
@Injectable()
export class ChunkWriter {
  constructor(private readonly database: Database) {}

  /**
   * Stores chunks with terms and vectors, and renews the lease; the same ordinal again replaces what was there. The
   * first call decides on the language of the document.
   * @throws LeaseLostError when the job was cancelled, deleted or taken over; batches before it are removed with the job
   */
  async write(lease: Lease, space: EmbeddingSpace, chunks: readonly NewChunk[]): Promise<void> {
    if (chunks.length === 0) return;
    lease.language ??= detectLanguage(chunks.map((chunk) => chunk.text).join('\n'));
    let writing = Promise.resolve();
    for (let start = 0; start < chunks.length; start += ROWS_PER_TRANSACTION) {
      const batch = chunks.slice(start, start + ROWS_PER_TRANSACTION);
      // The next rows are analysed while the database works on those before.
      const rows = chunkColumns(lease, lease.language, batch);
      const embeddings = batch.map((chunk) => vectorText(chunk.embedding));
      await writing;
      writing = this.database.withTenant(lease.tenant, async (tx) => {
        await this.#renew(tx, lease, batch.length);
        await tx.query(INSERT_CHUNKS, rows);
        await tx.query(insertEmbeddings(space), [...rows.slice(0, 5), embeddings]);
      });
    }
    await writing;
  }

  /**
   * Stores vectors of chunks that are written already, in another space or after the fact, and renews the lease.
   * @returns how many; none when the knowledge base has left the space
   * @throws LeaseLostError
   */
  async addVectors(lease: Lease, space: EmbeddingSpace, vectors: readonly NewVector[]): Promise<number> {
    const columns = [vectors.map(({ ordinal }) => ordinal), vectors.map(({ embedding }) => vectorText(embedding))];
    return this.database.withTenant(lease.tenant, async (tx) => {
      await this.#renew(tx, lease, 0);
      const { tenant, documentId, version, knowledgeBaseId } = lease;
      const parameters = [tenant.tenantId, documentId, version, knowledgeBaseId, ...columns];
      return (await tx.query<unknown[]>(`${insertEmbeddings(space)} returning 1`, parameters)).length;
    });
  }

  async #renew(tx: EntityManager, lease: Lease, written: number): Promise<void> {
    const renewed = await tx.query<unknown[]>(
      `with job as (
         update memory.ingestion_jobs
         set heartbeat_at = clock_timestamp(), lease_until = clock_timestamp() + $4 * interval '1 millisecond',
           language = coalesce($5, language), chunks_written = chunks_written + $6
         where tenant_id = $1 and id = $2 and lease_token = $3 and status in ('parsing', 'embedding', 'indexing')
         returning 1
       )
       select * from job`,
      [lease.tenant.tenantId, lease.jobId, lease.token, lease.leaseMs, lease.language, written],
    );
    if (renewed.length === 0) throw new LeaseLostError(lease);
  }
}

/** The same chunk of the same version always has the same id. */
function chunkId(lease: Lease, ordinal: number): string {
  return uuidv5(`${lease.version}/${ordinal}`, lease.documentId);
}

function chunkColumns(lease: Lease, language: Language, chunks: readonly NewChunk[]): unknown[] {
  const texts = chunks.map((chunk) => storableText(chunk.text));
  const terms = texts.map((text) => analyse(text, language));
  return [
    lease.tenant.tenantId,
    lease.documentId,
    lease.version,
    lease.knowledgeBaseId,
    chunks.map((chunk) => chunk.ordinal),
    language,
    chunks.map((chunk) => chunkId(lease, chunk.ordinal)),
    chunks.map((chunk) => chunk.tokenCount),
    chunks.map((chunk) => storableJson(chunk.locator)),
    texts,
    terms.map((list) => list.length),
    terms.map((list) => [...new Set(list)].join(' ')),
    terms.map(termVector),
  ];
}

const INSERT_CHUNKS = `
  insert into memory.chunks (tenant_id, document_id, version, knowledge_base_id, ordinal, language, id, token_count,
    locator, text, length, lexical, bm25)
  select $1::uuid, $2::uuid, $3::integer, $4::uuid, c.ordinal, $6::text, c.id, c.token_count, c.locator, c.text, c.length,
    array_to_tsvector(array_append(string_to_array(c.terms, ' '), '#' || $4::uuid)), c.bm25::sparsevec
  from unnest($5::integer[], $7::uuid[], $8::integer[], $9::jsonb[], $10::text[], $11::integer[], $12::text[], $13::text[])
    as c(ordinal, id, token_count, locator, text, length, terms, bm25)
  on conflict (tenant_id, document_id, version, ordinal) do update
    set language = excluded.language, token_count = excluded.token_count, locator = excluded.locator,
      text = excluded.text, length = excluded.length, lexical = excluded.lexical, bm25 = excluded.bm25`;

/**
 * Nothing where the knowledge base has left the space meanwhile: its vectors there are being removed. The names come from
 * the registry, which lets only such in.
 */
function insertEmbeddings(space: EmbeddingSpace): string {
  return `
    with kept as materialized (select memory.keeps_vectors($1::uuid, $4::uuid, '${space.id}') as yes)
    insert into memory.${space.tableName} (tenant_id, document_id, version, knowledge_base_id, ordinal, embedding)
    select $1::uuid, $2::uuid, $3::integer, $4::uuid, e.ordinal, e.embedding::halfvec
    from kept, unnest($5::integer[], $6::text[]) as e(ordinal, embedding) where kept.yes
    on conflict (tenant_id, document_id, version, ordinal) do update set embedding = excluded.embedding`;
}
