import { type AttributeFilter } from '@parley/contracts';
import { type SearchPlan } from '@parley/knowledge';
import type pg from 'pg';
import { median } from '../statistics.js';
import { type DirectSearch } from './direct-search.js';
import { type Library, type PlaceName, type Question } from './library.js';
import { vectorText } from '../../libs/knowledge/src/spaces/vector-text.js';

export interface RecallCase {
  name: string;
  place: PlaceName;
  /** May depend on what the question is about. */
  filter?: (question: Question) => AttributeFilter;
  /** The same as SQL over a document `d`, for the exact search that it is compared with. */
  condition?: (question: Question) => string;
}

/** Filters that keep a tenth, a hundredth and a thousandth at random, some that know the topic, and tiny scopes. */
export const CASES: RecallCase[] = [
  { name: 'no filter', place: 'main' },
  ...[100, 10, 1].map((share): RecallCase => {
    const value = share - 1;
    return {
      name: `filter keeps ${share / 10} %`,
      place: 'main',
      filter: () => ({
        type: 'and',
        filters: [
          { type: 'gte', key: 'share', value: 0 },
          { type: 'lte', key: 'share', value },
        ],
      }),
      condition: () => `(d.attributes ->> 'share')::integer between 0 and ${value}`,
    };
  }),
  {
    name: 'keeps all but the topic',
    place: 'main',
    filter: ({ topic }) => ({ type: 'ne', key: 'topic', value: topic }),
    condition: ({ topic }) => `(d.attributes ->> 'topic')::integer <> ${topic}`,
  },
  {
    name: 'keeps 15 %, other topics',
    place: 'main',
    filter: ({ topic }) => ({
      type: 'in',
      key: 'topic',
      value: Array.from({ length: 30 }, (_, index) => (topic + 1 + index) % 200),
    }),
    condition: ({ topic }) => `((d.attributes ->> 'topic')::integer - ${topic} - 1 + 200) % 200 < 30`,
  },
  ...(['none', 'one', 'five'] as const).map((special, index): RecallCase => ({
    name: `filter keeps ${[0, 1, 5][index]} chunks`,
    place: 'main',
    filter: () => ({ type: 'eq', key: 'special', value: special }),
    condition: () => `d.attributes ->> 'special' = '${special}'`,
  })),
  { name: 'tiny base of the tenant', place: 'tiny' },
  { name: 'sixth of a partition', place: 'neighbour' },
  { name: 'small tenant beside', place: 'small' },
];

export interface RecallResult {
  /** Of the 10 and of the 50 nearest. */
  at10: number;
  at50: number;
  /** Of the worst question. */
  worst: number;
  /** Answers of the API with fewer rows than there are, for limits of 10 and 50. */
  short: number;
  /** Searches that used the index, as a share. */
  byIndex: number;
  /** Chunks that may be found, for the middle question. */
  scope: number;
}

/** Against the exact distances, computed without any index and without the product's functions. Equally near is equally good. */
export async function measureRecall(
  library: Library,
  direct: DirectSearch,
  { place, filter, condition }: RecallCase,
  questions: Question[],
  plan: Partial<SearchPlan>,
): Promise<RecallResult> {
  const shares = { at10: [] as number[], at50: [] as number[] };
  const scopes: number[] = [];
  let byIndex = 0;
  let short = 0;
  for (const question of questions) {
    const exact = await nearest(library, place, question, condition?.(question) ?? 'true');
    scopes.push(exact.scope);
    const { hits, explanation } = await direct.search.explain(direct.tenant, {
      knowledgeBaseIds: direct.knowledgeBaseIds,
      text: '',
      embedding: { vector: question.vector, space: direct.space },
      limit: 50,
      filter: filter?.(question),
      plan,
    });
    if (explanation.vector.scan === 'index') byIndex += 1;
    const found = hits.map(({ vectorScore }) => 1 - vectorScore!).sort((a, b) => a - b);
    shares.at10.push(shareFound(found, exact.distances, 10));
    shares.at50.push(shareFound(found, exact.distances, 50));
    for (const limit of [10, 50]) {
      const rows = await searchByApi(library, place, question, limit, filter?.(question));
      if (rows < Math.min(limit, exact.scope)) short += 1;
    }
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    at10: mean(shares.at10),
    at50: mean(shares.at50),
    worst: Math.min(...shares.at10),
    short,
    byIndex: byIndex / questions.length,
    scope: median(scopes),
  };
}

/** @returns how many rows came back */
export async function searchByApi(
  library: Library,
  place: PlaceName,
  question: Question,
  limit: number,
  filters?: AttributeFilter,
  attempts = 4,
): Promise<number> {
  const { suite, places } = library;
  const { apiKey, knowledgeBaseId } = places[place];
  const id = `vs_${knowledgeBaseId.replaceAll('-', '')}`;
  const response = await fetch(`${suite.baseUrl}/v1/vector_stores/${id}/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ query: question.text, max_num_results: limit, ...(filters ? { filters } : {}) }),
    signal: AbortSignal.timeout(60_000),
  });
  // A busy machine answers late, and says so.
  if (response.status >= 503 && attempts > 1)
    return searchByApi(library, place, question, limit, filters, attempts - 1);
  if (!response.ok) throw new Error(`The search answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { data: unknown[] }).data.length;
}

async function nearest(
  { sql, places, space }: Library,
  place: PlaceName,
  { vector }: Question,
  condition: string,
): Promise<{ scope: number; distances: number[] }> {
  const { tenantId, knowledgeBaseId } = places[place];
  const { rows } = await sql.query<{ scope: string; distances: number[] | null }>(
    `select count(*) as scope, (array_agg(n.distance order by n.distance))[1:50] as distances from (
       select e.embedding <=> $3::halfvec as distance from memory.${space.tableName} e
       join memory.documents d on d.tenant_id = $1 and d.id = e.document_id
       where e.tenant_id = $1 and e.knowledge_base_id = $2 and ${condition} offset 0) n`,
    [tenantId, knowledgeBaseId, vectorText(vector)],
  );
  return { scope: Number(rows[0]!.scope), distances: rows[0]!.distances ?? [] };
}

function shareFound(found: number[], exact: number[], top: number): number {
  const wanted = exact.slice(0, top);
  if (wanted.length === 0) return found.length === 0 ? 1 : 0;
  const limit = wanted.at(-1)! + 1e-6;
  return Math.min(1, found.slice(0, top).filter((distance) => distance <= limit).length / wanted.length);
}

export interface Hardness {
  /** Cosine of a question with its nearest, tenth and hundredth chunk, and with the middle one of all. */
  cosines: number[];
  /** Recall@10 of the bare index at pgvector's own settings. */
  plainRecall: number;
  /** How many of 10 rows the bare index returns under a filter that keeps a hundredth. */
  plainFilteredRows: number;
}

/** That the collection is worth searching: neither all alike, where any answer is right, nor trivial to search. */
export async function measureHardness(library: Library, questions: Question[]): Promise<Hardness> {
  const { sql, places, space } = library;
  const { tenantId } = places.main;
  const cosines: number[][] = [];
  let found = 0;
  let rows = 0;
  for (const question of questions) {
    const literal = vectorText(question.vector);
    const all = await sql.query<{ cosine: number[] }>(
      `select array[n[1], n[10], n[100], n[cardinality(n) / 2]] as cosine from (
         select array_agg(1 - distance order by distance) as n from (
           select e.embedding <=> $2::halfvec as distance from memory.${space.tableName} e where e.tenant_id = $1 offset 0
         ) d) a`,
      [tenantId, literal],
    );
    const cosine = all.rows[0]!.cosine;
    cosines.push(cosine);
    const plain = await plainIndex(sql, space.tableName, tenantId, literal, 'true');
    found += plain.filter((distance) => 1 - distance >= cosine[1]! - 1e-6).length / 10;
    const filter = `exists (select from memory.documents d where d.tenant_id = e.tenant_id and d.id = e.document_id
      and (d.attributes ->> 'share')::integer between 0 and 9)`;
    rows += (await plainIndex(sql, space.tableName, tenantId, literal, filter)).length;
  }
  return {
    cosines: [0, 1, 2, 3].map((index) => median(cosines.map((list) => list[index]!))),
    plainRecall: found / questions.length,
    plainFilteredRows: rows / questions.length,
  };
}

async function plainIndex(sql: pg.Client, table: string, tenantId: string, vector: string, condition: string) {
  await sql.query('begin');
  for (const setting of ['enable_seqscan', 'enable_sort', 'enable_bitmapscan', 'hnsw.iterative_scan'])
    await sql.query(`set local ${setting} = off`);
  const { rows } = await sql.query<{ distance: number }>(
    `select e.embedding <=> $2::halfvec as distance from memory.${table} e
     where e.tenant_id = $1 and ${condition} order by e.embedding <=> $2::halfvec limit 10`,
    [tenantId, vector],
  );
  await sql.query('commit');
  return rows.map(({ distance }) => distance);
}
