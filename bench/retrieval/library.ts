import { type EmbeddingSpace } from '@parley/knowledge';
import { migrate } from '@parley/persistence';
import { type ProviderStub, startProviderStub, testServices } from '@parley/testing';
import pg from 'pg';
import { ADMIN, createApiKey, startRealSuite, type Suite } from '../../e2e/support/suite.js';
import { buildIndex, CollectionLoader, dropIndexes, type Place, type Sources } from './collection.js';
import { Random } from './random.js';
import { SyntheticTexts } from './synthetic-texts.js';
import { SyntheticVectors, TOPICS } from './synthetic-vectors.js';

const MODEL = 'bench-embedding';
const TINY_CHUNKS = 40;
const SMALL_CHUNKS = 500;
/** Of other tenants' vectors beside those of the large one, in the same partition. */
const NEIGHBOUR_SHARE = 0.2;
const COMPARISON_SHARE = 0.1;

export type PlaceName = 'main' | 'tiny' | 'neighbour' | 'small' | 'comparison';

export interface Question {
  text: string;
  topic: number;
  vector: Float32Array;
}

/** A running suite on a database of synthetic documents, and the same database directly. */
export class Library {
  readonly places: Record<PlaceName, Place & { apiKey: string; chunks: number }>;
  readonly space: EmbeddingSpace;
  readonly suite: Suite;
  readonly sql: pg.Client;
  readonly databaseUrl: string;
  readonly #known: Map<string, Float32Array>;
  readonly #sources: Sources;
  readonly #close: () => Promise<void>;

  constructor(parts: {
    places: Library['places'];
    space: Library['space'];
    suite: Suite;
    sql: pg.Client;
    databaseUrl: string;
    known: Map<string, Float32Array>;
    sources: Sources;
    close: () => Promise<void>;
  }) {
    this.places = parts.places;
    this.space = parts.space;
    this.suite = parts.suite;
    this.sql = parts.sql;
    this.databaseUrl = parts.databaseUrl;
    this.#known = parts.known;
    this.#sources = parts.sources;
    this.#close = parts.close;
  }

  /** Questions about documents that are not there, as near to those that are as these are to each other. */
  questions(count: number, seed: number): Question[] {
    const random = new Random(seed);
    const { vectors, texts } = this.#sources;
    return Array.from({ length: count }, () => {
      const topic = random.integer(TOPICS);
      const vector = vectors.query(vectors.document(topic, random), random);
      const text = texts.query(topic, random);
      this.#known.set(text, vector);
      return { text, topic, vector };
    });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** @param keep the database stays on the server, and is used again by the next run with as many chunks */
export async function openLibrary({ chunks, keep }: { chunks: number; keep: boolean }): Promise<Library> {
  const { url: databaseUrl, drop } = await openDatabase(`bench_retrieval_${chunks}`, keep);
  const known = new Map<string, Float32Array>();
  const stub = await startProviderStub({ vectorOf: (text) => known.get(text) });
  const sql = new pg.Client({ connectionString: databaseUrl });
  let suite: Suite | undefined;
  const close = async () => {
    await suite?.stop();
    await sql.end().catch(() => undefined);
    await stub.close();
    if (!keep) await drop();
  };
  try {
    await sql.connect();
    await sql.query('set search_path = public');
    const sources = { vectors: new SyntheticVectors(), texts: new SyntheticTexts() };
    const space = await embeddingSpace(sql);
    const { rows } = await sql.query(`select to_regclass('public.bench_places') as made`);
    if (rows[0].made === null) await makePlaces({ sql, databaseUrl, space, sources, chunks });
    suite = await startRealSuite(environmentOf(databaseUrl, stub));
    const places = await openPlaces(sql, suite);
    return new Library({ places, space, suite, sql, databaseUrl, known, sources, close });
  } catch (error) {
    await close();
    throw error;
  }
}

async function openDatabase(name: string, keep: boolean): Promise<{ url: string; drop: () => Promise<void> }> {
  const server = new pg.Client({ connectionString: testServices().databaseUrl });
  const url = new URL(testServices().databaseUrl);
  url.pathname = `/${name}`;
  const run = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: testServices().databaseUrl });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await server.connect();
  const { rowCount } = await server.query('select from pg_database where datname = $1', [name]);
  await server.end();
  const drop = `drop database if exists ${name} with (force)`;
  if (!keep || !rowCount) await run(drop, `create database ${name}`);
  await migrate(url.href);
  return { url: url.href, drop: () => run(drop) };
}

function environmentOf(databaseUrl: string, stub: ProviderStub): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    OPENAI_BASE_URL: stub.baseUrl,
    OPENAI_API_KEY: stub.apiKey,
    OPENAI_EMBEDDING_MODEL: MODEL,
    RATE_LIMIT_ENABLED: 'false',
  };
}

async function embeddingSpace(sql: pg.Client): Promise<Library['space']> {
  await sql.query('select memory.ensure_embedding_space($1, 1536, 0.5)', [MODEL]);
  const { rows } = await sql.query<Library['space']>(
    `select id, model, dimensions, state, table_name as "tableName", vector_weight as "vectorWeight"
     from memory.embedding_spaces where model = $1`,
    [MODEL],
  );
  return rows[0]!;
}

interface Making {
  sql: pg.Client;
  databaseUrl: string;
  space: Library['space'];
  sources: Sources;
  chunks: number;
}

async function makePlaces({ sql, databaseUrl, space, sources, chunks }: Making): Promise<void> {
  const main = await tenantIn(sql, 0);
  const sizes: Record<PlaceName, [string, number]> = {
    main: [main, chunks],
    tiny: [main, TINY_CHUNKS],
    neighbour: [await tenantIn(sql, 0), Math.round(chunks * NEIGHBOUR_SHARE)],
    small: [await tenantIn(sql, 0), SMALL_CHUNKS],
    comparison: [await tenantIn(sql, 1), Math.round(chunks * COMPARISON_SHARE)],
  };
  await sql.query('create table bench_making (name text, tenant_id uuid, knowledge_base_id uuid, chunks integer)');
  const definitions = [...(await dropIndexes(sql, 'chunks')), ...(await dropIndexes(sql, space.tableName))];
  const loader = new CollectionLoader(sql, space.tableName, sources);
  for (const [index, [name, [tenantId, size]]] of Object.entries(sizes).entries()) {
    const knowledgeBaseId = crypto.randomUUID();
    await sql.query(
      'insert into memory.knowledge_bases (id, tenant_id, name, embedding_space_id) values ($1, $2, $3, $4)',
      [knowledgeBaseId, tenantId, name, space.id],
    );
    await loader.fill({ tenantId, knowledgeBaseId }, name, size, 100 + index);
    await sql.query('insert into bench_making values ($1, $2, $3, $4)', [name, tenantId, knowledgeBaseId, size]);
  }
  await sql.query(`set maintenance_work_mem = '2GB'; set max_parallel_maintenance_workers = 2`);
  const watcher = new pg.Client({ connectionString: databaseUrl });
  await watcher.connect();
  for (const definition of definitions) await buildIndex(sql, definition, watcher);
  await watcher.end();
  await sql.query('vacuum analyze');
  await sql.query('alter table bench_making rename to bench_places');
}

/** The places with keys to the API; their tenants become known to it now, each with the first administrator's password. */
async function openPlaces(sql: pg.Client, suite: Suite): Promise<Library['places']> {
  const { rows } = await sql.query<{ name: PlaceName; chunks: number } & Place>(
    `select name, tenant_id as "tenantId", knowledge_base_id as "knowledgeBaseId", chunks from bench_places`,
  );
  const places = {} as Library['places'];
  for (const row of rows) places[row.name] = { ...row, apiKey: await apiKeyOf(sql, suite, row.tenantId) };
  return places;
}

async function apiKeyOf(sql: pg.Client, suite: Suite, tenantId: string): Promise<string> {
  const email = `${tenantId}@example.com`;
  await sql.query(`insert into identity.tenants (id, name) values ($1::uuid, 'bench') on conflict do nothing`, [
    tenantId,
  ]);
  await sql.query(
    `insert into identity.users (id, tenant_id, email, password_hash, role)
     select gen_random_uuid(), $1::uuid, $2::text, u.password_hash, 'admin' from identity.users u
     where u.email = $3 and not exists (select from identity.users known where known.email = $2)`,
    [tenantId, email, ADMIN.email],
  );
  return createApiKey(suite.baseUrl, email, ADMIN.password);
}

/** A new tenant whose rows lie in that partition. */
async function tenantIn(sql: pg.Client, remainder: number): Promise<string> {
  const { rows } = await sql.query<{ id: string }>(
    `select id from (select gen_random_uuid() as id from generate_series(1, 500) offset 0) t
     where satisfies_hash_partition('memory.chunks'::regclass, 8, $1, id) limit 1`,
    [remainder],
  );
  return rows[0]!.id;
}
