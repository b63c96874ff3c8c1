import { integerOption, readOptions } from './options.js';
import { DirectSearch } from './retrieval/direct-search.js';
import { measureLatency, type TimedPlace, type Timings } from './retrieval/latency.js';
import { type Library, openLibrary, type PlaceName } from './retrieval/library.js';
import { CASES, measureHardness, measureRecall } from './retrieval/recall.js';
import { type SearchPlan } from '@parley/knowledge';
import { median, quantile } from './statistics.js';

export const HELP = `npm run bench -- retrieval [options]

Makes a collection of synthetic chunks with vectors of 1,536 dimensions in PostgreSQL (the indexes are built afterwards),
runs the four apps on it, and prints
  recall   of the nearest chunks against exact search, without a filter, with filters and in small scopes, and whether
           as many rows came back as there are;
  time     of a search by the API against its SQL statement run directly, in turns;
  growth   of that time, and of each leg's, against a knowledge base of a tenth of the size.

  --chunks <n>      of the large knowledge base (default 100000; 20000 for a quick run)
  --questions <n>   asked for each figure (default 40)
  --rounds <n>      in which the times are taken (default 3)
  --exact-below <n> for the recall, instead of the default plan
  --recall-only     prints no times
  --keep            leaves the database on the server that the environment names, and uses it again next time`;

const GROWTH_FILTER = { type: 'lte', key: 'share', value: 99 } as const;

export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, ['chunks', 'questions', 'rounds', 'exact-below'], ['keep', 'recall-only']);
  const chunks = integerOption(options, 'chunks', 100_000);
  const count = integerOption(options, 'questions', 40);
  const library = await openLibrary({ chunks, keep: options['keep'] === true });
  const directs = new Map<PlaceName, DirectSearch>();
  try {
    for (const place of Object.keys(library.places) as PlaceName[])
      directs.set(place, await DirectSearch.open(library, place));
    await printHardness(library, Math.min(count, 20));
    const exactBelow = options['exact-below'];
    const plan = exactBelow === undefined ? {} : { exactBelow: integerOption(options, 'exact-below', 0) };
    await printRecall(library, directs, count, plan);
    if (options['recall-only'] === true) return;
    await printTimes(library, directs, count, integerOption(options, 'rounds', 3));
  } finally {
    for (const direct of directs.values()) await direct.close();
    await library.close();
  }
}

async function printHardness(library: Library, count: number): Promise<void> {
  const { cosines, plainRecall, plainFilteredRows } = await measureHardness(library, library.questions(count, 7));
  const [first, tenth, hundredth, middle] = cosines.map((cosine) => cosine.toFixed(3));
  console.log(
    `cosine of a question with its nearest chunk ${first}, 10th ${tenth}, 100th ${hundredth}, middle ${middle}`,
  );
  console.log(
    `the bare index at its own settings: recall@10 ${plainRecall.toFixed(3)}; ` +
      `under a filter that keeps 1 % it returns ${plainFilteredRows.toFixed(1)} of 10 rows`,
  );
}

async function printRecall(
  library: Library,
  directs: Map<PlaceName, DirectSearch>,
  count: number,
  plan: Partial<SearchPlan>,
): Promise<void> {
  const questions = library.questions(count, 8);
  console.log('\nrecall                       vectors  by index  @10 mean  @10 worst  @50 mean  too few rows');
  for (const wanted of CASES) {
    const result = await measureRecall(library, directs.get(wanted.place)!, wanted, questions, plan);
    console.log(
      [
        wanted.name.padEnd(26),
        result.scope.toFixed(0).padStart(9),
        `${(100 * result.byIndex).toFixed(0)} %`.padStart(9),
        result.at10.toFixed(4).padStart(9),
        result.worst.toFixed(2).padStart(10),
        result.at50.toFixed(4).padStart(9),
        String(result.short).padStart(13),
      ].join(' '),
    );
  }
}

async function printTimes(
  library: Library,
  directs: Map<PlaceName, DirectSearch>,
  count: number,
  rounds: number,
): Promise<void> {
  const placed = (place: PlaceName): TimedPlace => ({ place, direct: directs.get(place)! });
  const places: TimedPlace[] = [
    placed('main'),
    placed('comparison'),
    { ...placed('main'), filter: GROWTH_FILTER },
    { ...placed('comparison'), filter: GROWTH_FILTER },
  ];
  const timings = await measureLatency(library, places, library.questions(count, 9), rounds);
  console.log('\nms                            API p50   API p95   SQL p50   SQL p95   ratio p50   of pairs');
  for (const [index, { place, filter }] of places.entries()) {
    const name = `${library.places[place].chunks} chunks${filter ? ', filter 10 %' : ''}`;
    console.log(`${name.padEnd(27)} ${timeColumns(timings[index]!)}`);
  }
  console.log(`\ngrowth, p50 at ${library.places.main.chunks} to p50 at ${library.places.comparison.chunks} chunks`);
  for (const [name, large, small] of [
    ['no filter', timings[0]!, timings[1]!],
    ['filter 10 %', timings[2]!, timings[3]!],
  ] as const) {
    const ratio = (of: (timings: Timings) => number[]) =>
      (median(of(large)) / median(of(small))).toFixed(2).padStart(7);
    console.log(
      `${name.padEnd(12)} lexical ${ratio((of) => of.legs.lexical)}  vector ${ratio((of) => of.legs.vector)}  ` +
        `statement ${ratio((of) => of.sql)}  API ${ratio((of) => of.api)}   ` +
        `(legs at ${library.places.main.chunks}: ${median(large.legs.lexical).toFixed(1)} and ${median(large.legs.vector).toFixed(1)} ms)`,
    );
  }
}

function timeColumns({ api, sql }: Timings): string {
  const pairs = median(api.map((value, index) => value / sql[index]!));
  return [
    ...[median(api), quantile(api, 0.95), median(sql), quantile(sql, 0.95)].map((value) =>
      value.toFixed(1).padStart(9),
    ),
    (median(api) / median(sql)).toFixed(2).padStart(11),
    pairs.toFixed(2).padStart(10),
  ].join(' ');
}
