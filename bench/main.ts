// The contracts' decorators need it, which an app gets from Nest.
import 'reflect-metadata';

interface Benchmark {
  /** What it measures and which options it takes. */
  HELP: string;
  run(args: string[]): Promise<void>;
}

const BENCHMARKS: Record<string, { summary: string; load: () => Promise<Benchmark> }> = {
  stream: {
    summary: 'time to first token and whole-stream time against calling the provider directly',
    load: () => import('./stream.js'),
  },
  throughput: {
    summary: 'streams and tokens per second against a bare Node proxy, nginx and the provider itself',
    load: () => import('./throughput.js'),
  },
  'run-cost': {
    summary: 'processor time of one answer, by process',
    load: () => import('./run-cost.js'),
  },
  'open-streams': {
    summary: 'memory of the gateway and the chat service per open stream',
    load: () => import('./open-streams.js'),
  },
  soak: {
    summary: 'many streams for long, with clients that leave, return and stop, and services that are killed',
    load: () => import('./soak.js'),
  },
  retrieval: {
    summary: 'recall and time of searches in 100,000 chunks against exact search and the bare SQL',
    load: () => import('./retrieval.js'),
  },
  chaos: {
    summary: 'ingestion while everything is killed with -9 in turn, against ingestion in peace',
    load: () => import('./chaos.js'),
  },
  'ingestion-write': {
    summary: "rows per second of the product's writer against bare batched inserts of the same rows",
    load: () => import('./ingestion-write.js'),
  },
  'worker-memory': {
    summary: 'peak memory of worker and parser for small and for large files of every kind',
    load: () => import('./worker-memory.js'),
  },
};

const [name = '', ...args] = process.argv.slice(2);
const benchmark = BENCHMARKS[name];
if (!benchmark) {
  console.error('Usage: npm run bench -- <benchmark> [options]; each has a --help of its own');
  for (const [key, { summary }] of Object.entries(BENCHMARKS)) console.error(`  ${key.padEnd(16)} ${summary}`);
  process.exit(name === '--help' ? 0 : 2);
}
const { HELP, run } = await benchmark.load();
if (args.includes('--help')) console.log(HELP);
else await run(args);
