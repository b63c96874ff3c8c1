import { randomUUID } from 'node:crypto';
import { termVector } from '@parley/knowledge';
import type pg from 'pg';
import { Random } from './random.js';
import type { SyntheticTexts } from './synthetic-texts.js';
import { type SyntheticVectors, TOPICS, vectorLiteral } from './synthetic-vectors.js';

export const CHUNKS_PER_DOCUMENT = 10;
const ROWS_PER_STATEMENT = 400;
const PROGRESS_EVERY = 10_000;

export interface Place {
  tenantId: string;
  knowledgeBaseId: string;
}

export interface Sources {
  vectors: SyntheticVectors;
  texts: SyntheticTexts;
}

interface Document {
  documentId: string;
  fileId: string;
  attributes: string;
  chunks: number;
}

interface Row {
  documentId: string;
  ordinal: number;
  text: string;
  terms: string[];
  vector: string;
}

/**
 * Fills a knowledge base past row-level security: documents of ten chunks with attributes that a filter can tell apart
 * (`share` from 0 to 999, evenly; `topic`; `special` for the few that very narrow filters keep).
 */
export class CollectionLoader {
  readonly #documents: Document[] = [];
  readonly #rows: Row[] = [];
  #writing: Promise<void> = Promise.resolve();
  #written = 0;

  readonly #sql: pg.Client;
  readonly #table: string;
  readonly #sources: Sources;

  constructor(sql: pg.Client, table: string, sources: Sources) {
    this.#sql = sql;
    this.#table = table;
    this.#sources = sources;
  }

  async fill(place: Place, name: string, chunks: number, seed: number): Promise<void> {
    const random = new Random(seed);
    this.#written = 0;
    await this.#document(place, { topic: 0, share: -1, special: 'one' }, 1, random);
    for (let count = 0; count < 5; count++)
      await this.#document(place, { topic: count, share: -1, special: 'five' }, 1, random);
    for (let left = chunks - 6; left > 0; left -= CHUNKS_PER_DOCUMENT) {
      const attributes = { topic: random.integer(TOPICS), share: random.integer(1_000) };
      await this.#document(place, attributes, Math.min(left, CHUNKS_PER_DOCUMENT), random);
      if (this.#written % PROGRESS_EVERY < CHUNKS_PER_DOCUMENT) process.stderr.write(`\r${name}: ${this.#written}`);
    }
    await this.#flush(place);
    await this.#count(place);
    process.stderr.write(`\r${name}: ${this.#written} chunks\n`);
  }

  /** The next rows are made while these are written. */
  async #document(
    place: Place,
    attributes: { topic: number; share: number; special?: string },
    chunks: number,
    random: Random,
  ): Promise<void> {
    const { vectors, texts } = this.#sources;
    const meaning = vectors.document(attributes.topic, random);
    const documentId = randomUUID();
    this.#documents.push({ documentId, fileId: randomUUID(), attributes: JSON.stringify(attributes), chunks });
    for (let ordinal = 0; ordinal < chunks; ordinal++) {
      const vector = vectorLiteral(vectors.chunk(meaning, random));
      this.#rows.push({ documentId, ordinal, vector, ...texts.chunk(attributes.topic, random) });
    }
    this.#written += chunks;
    if (this.#rows.length < ROWS_PER_STATEMENT) return;
    await this.#writing;
    this.#writing = this.#write(place, this.#documents.splice(0), this.#rows.splice(0));
  }

  async #flush(place: Place): Promise<void> {
    await this.#writing;
    await this.#write(place, this.#documents.splice(0), this.#rows.splice(0));
  }

  async #write({ tenantId, knowledgeBaseId }: Place, documents: Document[], rows: Row[]): Promise<void> {
    const files = documents.map(({ fileId }) => fileId);
    await this.#sql.query(INSERT_FILES, [tenantId, files]);
    await this.#sql.query(INSERT_DOCUMENTS, [
      tenantId,
      knowledgeBaseId,
      documents.map(({ documentId }) => documentId),
      files,
      documents.map(({ attributes }) => attributes),
      documents.map(({ chunks }) => chunks),
    ]);
    const keys = [tenantId, knowledgeBaseId, rows.map((row) => row.documentId), rows.map((row) => row.ordinal)];
    await this.#sql.query(INSERT_CHUNKS, [
      ...keys,
      rows.map((row) => row.text),
      rows.map((row) => row.terms.length),
      rows.map((row) => [...new Set(row.terms)].join(' ')),
      rows.map((row) => termVector(row.terms)),
    ]);
    await this.#sql.query(
      `insert into memory.${this.#table} (tenant_id, document_id, version, ordinal, knowledge_base_id, embedding)
       select $1::uuid, e.document, 1, e.ordinal, $2::uuid, e.embedding::halfvec
       from unnest($3::uuid[], $4::integer[], $5::text[]) as e(document, ordinal, embedding)`,
      [...keys, rows.map((row) => row.vector)],
    );
  }

  /** Statistics as after the background has summed them up. */
  async #count({ tenantId, knowledgeBaseId }: Place): Promise<void> {
    const scope = `c.tenant_id = $1 and c.knowledge_base_id = $2`;
    await this.#sql.query(
      `insert into memory.lexical_terms (tenant_id, knowledge_base_id, term, chunks)
       select $1::uuid, $2::uuid, t.term, count(*)
       from memory.chunks c cross join lateral unnest(tsvector_to_array(c.lexical)) as t(term)
       where ${scope} and t.term not like '#%' group by t.term`,
      [tenantId, knowledgeBaseId],
    );
    await this.#sql.query(
      `insert into memory.lexical_totals (tenant_id, knowledge_base_id, language, chunks, length)
       select $1::uuid, $2::uuid, c.language, count(*), sum(c.length) from memory.chunks c where ${scope}
       group by c.language`,
      [tenantId, knowledgeBaseId],
    );
  }
}

const INSERT_FILES = `
  insert into memory.files (id, tenant_id, filename, content_type, bytes, sha256, purpose, blob_key)
  select f.id, $1::uuid, 'notes.txt', 'text/plain', 1, 'hash', 'assistants', 'blob/' || f.id
  from unnest($2::uuid[]) as f(id)`;

const INSERT_DOCUMENTS = `
  insert into memory.documents (id, tenant_id, knowledge_base_id, file_id, attributes, status, latest_version,
    active_version, chunk_count, progress_percent)
  select d.id, $1::uuid, $2::uuid, d.file, d.attributes, 'completed', 1, 1, d.chunks, 100
  from unnest($3::uuid[], $4::uuid[], $5::jsonb[], $6::integer[]) as d(id, file, attributes, chunks)`;

const INSERT_CHUNKS = `
  insert into memory.chunks (tenant_id, document_id, version, ordinal, id, knowledge_base_id, token_count, length, language,
    locator, text, lexical, bm25)
  select $1::uuid, c.document, 1, c.ordinal, gen_random_uuid(), $2::uuid, c.length, c.length, 'en', '{}', c.text,
    array_to_tsvector(array_append(string_to_array(c.terms, ' '), '#' || $2::uuid)), c.bm25::sparsevec
  from unnest($3::uuid[], $4::integer[], $5::text[], $6::integer[], $7::text[], $8::text[])
    as c(document, ordinal, text, length, terms, bm25)`;

/** Drops a table's indexes but its key, and returns how to make them again. */
export async function dropIndexes(sql: pg.Client, table: string): Promise<string[]> {
  const { rows } = await sql.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') as definition
     from pg_index i where i.indrelid = $1::regclass and not i.indisprimary`,
    [`memory.${table}`],
  );
  for (const { name } of rows) await sql.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}

/** Makes an index and says how far it is. */
export async function buildIndex(sql: pg.Client, definition: string, watcher: pg.Client): Promise<void> {
  const startedAt = Date.now();
  const building = sql.query(definition);
  const report = async () => {
    const { rows } = await watcher.query<{ phase: string; done: string; total: string }>(
      `select phase, tuples_done as done, tuples_total as total from pg_stat_progress_create_index`,
    );
    const [now] = rows;
    if (now) process.stderr.write(`\rindex: ${now.phase} ${now.done} of ${now.total}   `);
  };
  const timer = setInterval(() => void report().catch(() => undefined), 2_000);
  try {
    await building;
  } finally {
    clearInterval(timer);
  }
  process.stderr.write(
    `\rindex built in ${((Date.now() - startedAt) / 1000).toFixed(0)} s: ${definition.slice(0, 60)}…\n`,
  );
}
