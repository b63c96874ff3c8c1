import { type AttributeFilter } from '@parley/contracts';
import { type DirectSearch } from './direct-search.js';
import { type Library, type PlaceName, type Question } from './library.js';
import { searchByApi } from './recall.js';

export interface Timings {
  /** HTTP to the gateway and all that is behind it, ms. */
  api: number[];
  /** The statement alone, ms. */
  sql: number[];
  /** Of the statement's time, as the search explains it, ms. */
  legs: { lexical: number[]; vector: number[] };
}

export interface TimedPlace {
  place: PlaceName;
  direct: DirectSearch;
  filter?: AttributeFilter;
}

const LIMIT = 10;

/** All places and both ways take turns question by question, so that a machine that slows down slows all alike. */
export async function measureLatency(
  library: Library,
  places: TimedPlace[],
  questions: Question[],
  rounds: number,
): Promise<Timings[]> {
  const timings = places.map((): Timings => ({ api: [], sql: [], legs: { lexical: [], vector: [] } }));
  for (let round = -1; round < rounds; round++) {
    for (const question of questions) {
      for (const [index, place] of places.entries()) {
        const measured = await timedOnce(library, place, question, round % 2 === 0);
        if (round < 0) continue;
        const of = timings[index]!;
        of.api.push(measured.api);
        of.sql.push(measured.sql);
        of.legs.lexical.push(measured.lexical);
        of.legs.vector.push(measured.vector);
      }
    }
  }
  return timings;
}

async function timedOnce(
  library: Library,
  { place, direct, filter }: TimedPlace,
  question: Question,
  apiFirst: boolean,
) {
  const query = {
    knowledgeBaseIds: direct.knowledgeBaseIds,
    text: question.text,
    embedding: { vector: question.vector, space: direct.space },
    limit: LIMIT,
    filter,
  };
  const byApi = () => milliseconds(() => searchByApi(library, place, question, LIMIT, filter));
  const bySql = () => milliseconds(() => direct.search.search(direct.tenant, query));
  // What was searched first finds cold what the other finds warm.
  const first = await (apiFirst ? byApi() : bySql());
  const second = await (apiFirst ? bySql() : byApi());
  const { explanation } = await direct.search.explain(direct.tenant, query);
  const { lexical, vector } = explanation.milliseconds;
  return {
    api: apiFirst ? first : second,
    sql: apiFirst ? second : first,
    lexical: lexical ?? Number.NaN,
    vector: vector ?? Number.NaN,
  };
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
