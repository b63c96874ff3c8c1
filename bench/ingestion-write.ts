import { randomUUID } from 'node:crypto';
import { TenantContext } from '@parley/contracts';
import {
  analyse,
  ChunkWriter,
  type EmbeddingSpace,
  EmbeddingSpaces,
  IngestionLedger,
  type Lease,
  type NewChunk,
  termVector,
} from '@parley/knowledge';
import { Database, migrate } from '@parley/persistence';
import { createTestDatabase } from '@parley/testing';
import pg from 'pg';
import { integerOption, readOptions } from './options.js';
import { dropIndexes } from './retrieval/collection.js';
import { Random } from './retrieval/random.js';
import { SyntheticTexts } from './retrieval/synthetic-texts.js';
import { SyntheticVectors, TOPICS } from './retrieval/synthetic-vectors.js';
import { vectorText } from '../libs/knowledge/src/spaces/vector-text.js';
import { median } from './statistics.js';

export const HELP = `npm run bench -- ingestion-write [options]

Rows per second of the product's writer (terms, language, BM25 vectors, lease, transactions, statistics) against bare
batched inserts of the same finished rows into the same tables, in turns, batch by batch: once with the vector index
in place, as documents arrive, and once without it, as in a bulk load that builds it afterwards.

  --batches <n>   of each kind (default 30)
  --rows <n>      of a batch, which is one document (default 256)`;

interface Target {
  tenant: TenantContext;
  knowledgeBaseId: string;
  space: EmbeddingSpace;
}

interface Times {
  bare: number[];
  writer: number[];
  completion: number[];
}

export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, ['batches', 'rows']);
  const batches = integerOption(options, 'batches', 30);
  const rows = integerOption(options, 'rows', 256);
  const database = await createTestDatabase({ prepare: migrate });
  const worker = databaseOf(database.url, 'parley_worker');
  const memory = databaseOf(database.url, 'parley_memory');
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  await sql.query('set search_path = public');
  try {
    const space = await new EmbeddingSpaces(worker).ensure('bench-embedding', 1_536);
    const bench = new WriteBench({ sql, worker, memory, space });
    await bench.prepare();
    console.log(`rows of a batch: ${rows}, dimensions: 1536, batches of each kind: ${batches}`);
    console.log('vector index   bare rows/s   writer rows/s   ratio   with completion   ratio');
    print('in place', rows, await bench.compare(batches, rows));
    await dropIndexes(sql, space.tableName);
    print('none', rows, await bench.compare(batches, rows));
  } finally {
    await sql.end();
    await Promise.all([worker.onApplicationShutdown(), memory.onApplicationShutdown()]);
    await database.drop();
  }
}

function print(name: string, rows: number, { bare, writer, completion }: Times): void {
  const rate = (milliseconds: number[]) => (1_000 * rows) / median(milliseconds);
  const whole = writer.map((time, index) => time + completion[index]!);
  console.log(
    [
      name.padEnd(12),
      rate(bare).toFixed(0).padStart(13),
      rate(writer).toFixed(0).padStart(15),
      (rate(writer) / rate(bare)).toFixed(2).padStart(7),
      rate(whole).toFixed(0).padStart(17),
      (rate(whole) / rate(bare)).toFixed(2).padStart(7),
    ].join(' '),
  );
}

class WriteBench {
  readonly #sql: pg.Client;
  readonly #memory: Database;
  readonly #ledger: IngestionLedger;
  readonly #writer: ChunkWriter;
  readonly #target: Target;
  readonly #random = new Random(11);
  readonly #vectors = new SyntheticVectors();
  readonly #texts = new SyntheticTexts();

  constructor(parts: { sql: pg.Client; worker: Database; memory: Database; space: EmbeddingSpace }) {
    this.#sql = parts.sql;
    this.#memory = parts.memory;
    this.#ledger = new IngestionLedger(parts.worker);
    this.#writer = new ChunkWriter(parts.worker);
    const tenant = TenantContext.of({ tenantId: randomUUID(), userId: randomUUID(), role: 'admin' });
    this.#target = { tenant, knowledgeBaseId: randomUUID(), space: parts.space };
  }

  async prepare(): Promise<void> {
    const { tenant, knowledgeBaseId, space } = this.#target;
    await this.#sql.query(
      `insert into memory.knowledge_bases (id, tenant_id, name, embedding_space_id) values ($1, $2, 'bench', $3)`,
      [knowledgeBaseId, tenant.tenantId, space.id],
    );
  }

  /** The first batch of each is not counted: connections, plans and pages are cold. */
  async compare(batches: number, rows: number): Promise<Times> {
    const times: Times = { bare: [], writer: [], completion: [] };
    for (let batch = -1; batch < batches; batch++) {
      const chunks = this.#chunks(rows);
      const bare = await this.#bareBatch(chunks);
      const lease = await this.#lease();
      const bareMs = await milliseconds(bare);
      const writerMs = await milliseconds(() => this.#writer.write(lease, this.#target.space, chunks));
      const completionMs = await milliseconds(() => this.#ledger.complete(lease, { chunkCount: rows }));
      if (batch < 0) continue;
      times.bare.push(bareMs);
      times.writer.push(writerMs);
      times.completion.push(completionMs);
    }
    return times;
  }

  #chunks(rows: number): NewChunk[] {
    const topic = this.#random.integer(TOPICS);
    const meaning = this.#vectors.document(topic, this.#random);
    return Array.from({ length: rows }, (_, ordinal) => {
      const { text } = this.#texts.chunk(topic, this.#random);
      const embedding = this.#vectors.chunk(meaning, this.#random);
      return { ordinal, text, tokenCount: 150, locator: {}, embedding };
    });
  }

  /** Everything that can be made ready is ready: what is timed are two statements in one transaction. */
  async #bareBatch(chunks: NewChunk[]): Promise<() => Promise<void>> {
    const { tenant, knowledgeBaseId, space } = this.#target;
    const { documentId } = await this.#document();
    const terms = chunks.map(({ text }) => analyse(text, 'en'));
    const keys = [tenant.tenantId, documentId, knowledgeBaseId, chunks.map(({ ordinal }) => ordinal)];
    const lexical = [
      ...keys,
      chunks.map(() => randomUUID()),
      chunks.map(({ text }) => text),
      terms.map((list) => list.length),
      terms.map((list) => [...new Set(list)].join(' ')),
      terms.map((list) => termVector(list)),
    ];
    const vectors = [...keys, chunks.map(({ embedding }) => vectorText(embedding))];
    return async () => {
      await this.#sql.query('begin');
      await this.#sql.query(BARE_CHUNKS, lexical);
      await this.#sql.query(
        `insert into memory.${space.tableName} (tenant_id, document_id, version, knowledge_base_id, ordinal, embedding)
         select $1::uuid, $2::uuid, 1, $3::uuid, e.ordinal, e.embedding::halfvec
         from unnest($4::integer[], $5::text[]) as e(ordinal, embedding)`,
        vectors,
      );
      await this.#sql.query('commit');
    };
  }

  async #lease(): Promise<Lease> {
    const { documentId } = await this.#document();
    const jobId = randomUUID();
    const { tenant } = this.#target;
    await this.#memory.withTenant(tenant, (tx) => this.#ledger.enqueue(tx, tenant, { jobId, documentId }));
    const claim = await this.#ledger.claim(tenant, jobId, { leaseMs: 600_000 });
    if (claim.outcome !== 'claimed') throw new Error(`The job could not be claimed: ${claim.outcome}.`);
    return claim.lease;
  }

  async #document(): Promise<{ documentId: string }> {
    const { tenant, knowledgeBaseId } = this.#target;
    const [fileId, documentId] = [randomUUID(), randomUUID()];
    await this.#sql.query(
      `insert into memory.files (id, tenant_id, filename, content_type, bytes, sha256, purpose, blob_key)
       values ($1, $2, 'notes.txt', 'text/plain', 1, $3, 'assistants', $3)`,
      [fileId, tenant.tenantId, fileId],
    );
    await this.#sql.query(
      'insert into memory.documents (id, tenant_id, knowledge_base_id, file_id) values ($1, $2, $3, $4)',
      [documentId, tenant.tenantId, knowledgeBaseId, fileId],
    );
    return { documentId };
  }
}

const BARE_CHUNKS = `
  insert into memory.chunks (tenant_id, document_id, version, knowledge_base_id, ordinal, language, id, token_count,
    locator, text, length, lexical, bm25)
  select $1::uuid, $2::uuid, 1, $3::uuid, c.ordinal, 'en', c.id, 150, '{}', c.text, c.length,
    array_to_tsvector(array_append(string_to_array(c.terms, ' '), '#' || $3::uuid)), c.bm25::sparsevec
  from unnest($4::integer[], $5::uuid[], $6::text[], $7::integer[], $8::text[], $9::text[])
    as c(ordinal, id, text, length, terms, bm25)`;

function databaseOf(url: string, role: 'parley_worker' | 'parley_memory'): Database {
  return new Database({ url, role, schema: 'memory', entities: [], poolSize: 2, statementTimeoutMs: 120_000 });
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
