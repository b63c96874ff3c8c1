import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { eventually } from '@parley/testing';
import { type IngestedDocument, type IngestionSuite } from '../ingestion-suite.js';
import { isAlive } from '../processes.js';

/** What became of one document, without anything that may differ between two runs over the same file. */
export interface Outcome {
  status: string;
  errorCode: string | null;
  jobs: number;
  attempt: number;
  chunks: number;
  vectors: number;
  /** Of the chunks' texts in order. */
  textHash: string;
}

/** What searches of a knowledge base count with: rows differ, sums do not. */
export interface Statistics {
  chunks: number;
  vectors: number;
  lexicalChunks: number;
  lexicalLength: number;
  terms: number;
  termsHash: string;
}

/** What no longer has a reason to be there once every document is settled. */
export interface Leftovers {
  runningJobs: number;
  leases: number;
  unsentCommands: number;
  inactiveChunks: number;
  temporaryFiles: string[];
  orphanedParsers: number;
}

export async function outcomesOf(suite: IngestionSuite, documents: IngestedDocument[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const document of documents) {
    const [row] = await suite.rows<{ status: string; error_code: string | null }>(
      'select status, error_code from memory.documents where id = $1',
      [document.id],
    );
    const jobs = await suite.jobs(document);
    const texts = await suite.chunks(document);
    outcomes.push({
      status: row!.status,
      errorCode: row!.error_code,
      jobs: jobs.length,
      attempt: jobs[0]!.attempt,
      chunks: texts.length,
      vectors: await suite.vectorCount(document),
      textHash: createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 12),
    });
  }
  return outcomes;
}

export async function statisticsOf(suite: IngestionSuite, knowledgeBaseId: string): Promise<Statistics> {
  const one = async <Row extends object>(sql: string) => (await suite.rows<Row>(sql, [knowledgeBaseId]))[0]!;
  const { chunks } = await one<{ chunks: number }>(
    'select count(*)::integer as chunks from memory.chunks where knowledge_base_id = $1',
  );
  let vectors = 0;
  for (const { table_name: table } of await suite.rows<{ table_name: string }>(
    'select table_name from memory.embedding_spaces',
  )) {
    const { count } = await one<{ count: number }>(
      `select count(*)::integer as count from memory.${table} where knowledge_base_id = $1`,
    );
    vectors += count;
  }
  const totals = await one<{ lexicalChunks: number; lexicalLength: number }>(
    `select coalesce(sum(chunks), 0)::integer as "lexicalChunks", coalesce(sum(length), 0)::integer as "lexicalLength"
     from memory.lexical_totals where knowledge_base_id = $1`,
  );
  const terms = await one<{ terms: number; termsHash: string }>(
    `select count(*)::integer as terms, md5(string_agg(term || ' ' || chunks, ',' order by term)) as "termsHash"
     from (select term, sum(chunks) as chunks from memory.lexical_terms where knowledge_base_id = $1
           group by term having sum(chunks) <> 0) t`,
  );
  return { chunks, vectors, ...totals, ...terms };
}

/** Waits for what is still being cleared away, as long as that takes at most. */
export async function leftoversOf(suite: IngestionSuite, orphans: number[], timeoutMs: number): Promise<Leftovers> {
  const clean = (state: Leftovers) =>
    state.temporaryFiles.length +
      state.runningJobs +
      state.leases +
      state.unsentCommands +
      state.inactiveChunks +
      state.orphanedParsers ===
    0;
  let state!: Leftovers;
  await eventually(
    async () => {
      state = await leftovers(suite, orphans);
      if (!clean(state)) throw new Error('not yet');
    },
    { timeoutMs: Math.max(1_000, Math.min(timeoutMs, 15_000)), intervalMs: 250 },
  ).catch(() => undefined);
  return state;
}

async function leftovers(suite: IngestionSuite, orphans: number[]): Promise<Leftovers> {
  const [counts] = await suite.rows<Omit<Leftovers, 'temporaryFiles' | 'orphanedParsers'>>(
    `select
       (select count(*) from memory.ingestion_jobs where status not in ('completed', 'failed', 'cancelled'))::integer
         as "runningJobs",
       (select count(*) from memory.ingestion_jobs where lease_token is not null)::integer as leases,
       (select count(*) from memory.outbox where sent_at is null)::integer as "unsentCommands",
       (select count(*) from memory.chunks c join memory.documents d on d.id = c.document_id
         where c.version is distinct from d.active_version)::integer as "inactiveChunks"`,
  );
  return {
    ...counts!,
    temporaryFiles: await readdir(suite.temporaryFolder),
    orphanedParsers: orphans.filter(isAlive).length,
  };
}
