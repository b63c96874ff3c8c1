import { readdir, readFile } from 'node:fs/promises';
import { startProviderStub } from '@parley/testing';
import { startRealSuite } from '../e2e/support/suite.js';
import { integerOption, readOptions } from './options.js';
import { timedStream } from './timed-stream.js';
import { analyze, WARM_UP_RUNS } from './warm-up.js';

export const HELP = `npm run bench -- run-cost [options]

Processor time of one answer by process: what a run costs, whatever else the machine does.

  --streams <n>  at the same time (default 20)
  --runs <n>     (default 1000)
  --tokens <n>   of each answer (default 100)
  --interval <ms>  between two tokens, and the tenfold before the first (default none: as fast as it goes)
  --profile <folder>  a CPU profile of each app is written there when it stops`;

/** Words that come again, as in natural text: the answers are stored and can be searched. */
const VOCABULARY = 300;
/** A second has that many ticks, on every platform that has /proc. */
const TICKS_PER_MS = 0.1;

export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, ['streams', 'runs', 'tokens', 'interval', 'profile']);
  const streams = integerOption(options, 'streams', 20);
  const runs = integerOption(options, 'runs', 1_000);
  const tokens = integerOption(options, 'tokens', 100);
  const words = Array.from({ length: tokens }, (_, index) => ` word${(index * 7) % VOCABULARY}`);
  const intervalMs = options.interval === undefined ? 0 : integerOption(options, 'interval', 1);
  const stub = await startProviderStub({ answer: { tokens: words, intervalMs, firstTokenDelayMs: intervalMs * 10 } });
  const suite = await startRealSuite({
    OPENAI_BASE_URL: stub.baseUrl,
    OPENAI_API_KEY: stub.apiKey,
    OPENAI_MODEL: 'stub-chat',
    CONVERSATION_TITLES: 'false',
    CHAT_MAX_CONCURRENT_RUNS: '250',
    LLM_MAX_CONCURRENCY: '250',
    ...(options.profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${options.profile}` }),
  });
  try {
    const body = { model: 'stub-chat', messages: [{ role: 'user', content: 'Tell me.' }] };
    const target = { baseUrl: `${suite.baseUrl}/v1`, apiKey: suite.apiKey, body };
    const answers = async (count: number) => {
      let left = count;
      const client = async () => {
        while (left-- > 0) await timedStream(target);
        stub.requests.length = 0;
      };
      await Promise.all(Array.from({ length: streams }, client));
    };
    await answers(Math.max(WARM_UP_RUNS, streams * 2));
    await analyze(suite.databaseUrl);
    await answers(streams * 2);
    const names = new Map(suite.processes.map(({ pid, name }) => [pid, name]));
    names.set(process.pid, 'client and stub');
    const before = await processorTimes(names);
    const startedAt = performance.now();
    await answers(runs);
    const seconds = (performance.now() - startedAt) / 1_000;
    const after = await processorTimes(names);
    console.log(`${runs} answers of ${tokens} tokens, ${streams} at a time: ${(runs / seconds).toFixed(1)} per second`);
    let total = 0;
    for (const [name, ms] of after) {
      const spent = (ms - (before.get(name) ?? 0)) / runs;
      total += spent;
      console.log(`${name.padEnd(20)} ${spent.toFixed(2).padStart(7)} ms`);
    }
    console.log(`${'together'.padEnd(20)} ${total.toFixed(2).padStart(7)} ms`);
  } finally {
    await suite.stop();
    await stub.close();
  }
}

/** Milliseconds that each app, the broker and the database have used; of processes that have ended, nothing. */
async function processorTimes(names: Map<number, string>): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => null);
    const name = stat && (names.get(Number(entry)) ?? serverOf(stat));
    if (!stat || !name) continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    times.set(name, (times.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_MS);
  }
  return times;
}

function serverOf(stat: string): string | null {
  if (stat.includes('(postgres)')) return 'PostgreSQL';
  return stat.includes('(beam.smp)') ? 'RabbitMQ' : null;
}
