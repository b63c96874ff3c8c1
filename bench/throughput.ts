import { startProviderStub } from '@parley/testing';
import { startRealSuite } from '../e2e/support/suite.js';
import { integerOption, readOptions } from './options.js';
import { median } from './statistics.js';
import { startNginxProxy, startNodeProxy } from './throughput/proxies.js';
import { type Client, type Target, timedStream } from './timed-stream.js';
import { analyze, WARM_UP_RUNS } from './warm-up.js';

export const HELP = `npm run bench -- throughput [options]

Streams and tokens per second of a provider that does not pause, through Parley (four processes, PostgreSQL, RabbitMQ),
through a bare proxy in Node, through nginx, and called directly. They take turns; figures are medians of the rounds.

  --streams <n>  at the same time (default 20)
  --rounds <n>   (default 5)
  --fetch        a client that costs as much as the SDKs do; without, one that costs as little as it can`;

/** Words that come again, as in natural text: the answers are stored and can be searched. */
const VOCABULARY = 300;
const WORKLOADS = [
  { tokens: 100, streamsPerRound: 400 },
  { tokens: 1_000, streamsPerRound: 100 },
];

export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, ['streams', 'rounds'], ['fetch']);
  const client: Client = options.fetch ? 'fetch' : 'http';
  const load = { streams: integerOption(options, 'streams', 20), rounds: integerOption(options, 'rounds', 5), client };
  const stub = await startProviderStub();
  const provider = { OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey, OPENAI_MODEL: 'stub-chat' };
  const suite = await startRealSuite({
    ...provider,
    CONVERSATION_TITLES: 'false',
    CHAT_MAX_CONCURRENT_RUNS: String(2 * load.streams + 50),
    LLM_MAX_CONCURRENCY: String(2 * load.streams + 50),
  });
  const node = await startNodeProxy(stub.baseUrl);
  const nginx = await startNginxProxy(stub.baseUrl);
  try {
    const body = { model: 'stub-chat', messages: [{ role: 'user', content: 'Tell me.' }] };
    const paths: [string, Target][] = [
      ['direct', { baseUrl: stub.baseUrl, apiKey: stub.apiKey, body }],
      ['bare Node proxy', { baseUrl: node.baseUrl, apiKey: stub.apiKey, body }],
      ...(nginx ? [['nginx', { baseUrl: nginx.baseUrl, apiKey: stub.apiKey, body }] as [string, Target]] : []),
      ['Parley', { baseUrl: `${suite.baseUrl}/v1`, apiKey: suite.apiKey, body }],
    ];
    for (const { tokens, streamsPerRound } of WORKLOADS) {
      const words = Array.from({ length: tokens }, (_, index) => ` word${(index * 7) % VOCABULARY}`);
      stub.answer = { tokens: words };
      await warmUp(paths, {
        ...load,
        streamsPerRound: Math.ceil((WARM_UP_RUNS * 100) / tokens),
        answer: words.join(''),
      });
      await analyze(suite.databaseUrl);
      const rates = await takeTurns(paths, { ...load, streamsPerRound, answer: words.join('') }, () => {
        stub.requests.length = 0;
      });
      console.log(`\n${load.streams} streams at a time, ${tokens} tokens each`);
      console.log('path               streams/s   tokens/s  of the bare Node proxy');
      const bare = rates.get('bare Node proxy')!;
      for (const [name, rate] of rates) {
        const columns = [rate.toFixed(1).padStart(10), (rate * tokens).toFixed(0).padStart(10)];
        console.log(`${name.padEnd(17)} ${columns.join(' ')}  ${(rate / bare).toFixed(2).padStart(22)}`);
      }
    }
  } finally {
    await nginx?.stop();
    await node.stop();
    await suite.stop();
    await stub.close();
  }
}

interface Load {
  streams: number;
  rounds: number;
  streamsPerRound: number;
  answer: string;
  client: Client;
}

async function warmUp(paths: [string, Target][], load: Omit<Load, 'rounds'>): Promise<void> {
  for (const [, target] of paths) await oneRound(target, load);
}

/** Streams per second of each path: the median of its rounds. */
async function takeTurns(paths: [string, Target][], load: Load, between: () => void): Promise<Map<string, number>> {
  const rates = new Map<string, number[]>(paths.map(([name]) => [name, []]));
  for (let round = 0; round < load.rounds; round += 1) {
    for (const [name, target] of paths) {
      rates.get(name)!.push(await oneRound(target, load));
      between();
    }
  }
  return new Map([...rates].map(([name, measured]) => [name, median(measured)]));
}

/** That many streams, of which so many at a time; each must be whole. */
async function oneRound(
  target: Target,
  { streams, streamsPerRound, answer, client }: Omit<Load, 'rounds'>,
): Promise<number> {
  let left = streamsPerRound;
  const reader = async () => {
    while (left-- > 0) {
      const { text } = await timedStream(target, client);
      if (text !== answer) throw new Error(`A stream was not whole: ${text.slice(-80)}`);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: streams }, reader));
  return streamsPerRound / ((performance.now() - startedAt) / 1_000);
}
