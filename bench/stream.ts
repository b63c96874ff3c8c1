import { setTimeout as delay } from 'node:timers/promises';
import { startProviderStub } from '@parley/testing';
import { startRealSuite, type Suite } from '../e2e/support/suite.js';
import { integerOption, readOptions } from './options.js';
import { median, quantile } from './statistics.js';
import { type Target, timedStream, type Timing } from './timed-stream.js';
import { analyze, WARM_UP_RUNS } from './warm-up.js';

const CONCURRENCIES = [1, 10, 50, 200];
/** Streams that each client reads one after another, in each round. */
const STREAMS_PER_CLIENT: Record<number, number> = { 1: 15, 10: 5, 50: 8, 200: 4 };
const ROUNDS = 3;
const FIRST_TOKEN_DELAY_MS = 50;
const QUESTION = 'What do the terms say about delivery times?';

export const HELP = `npm run bench -- stream [options]

Time to the first token and whole-stream time through Parley against calling the same provider directly.

  --streams <n>  at the same time (default ${CONCURRENCIES.join(', ')} in turn)
  --profile <folder>  a CPU profile of each app is written there when it stops
  --tokens <n>   of each answer (default 50)
  --interval <ms>  between two tokens (default 10, a fast model and a short answer: the hardest case)
  --plain        without the questions that search a knowledge base`;

/**
 * Time to the first token and whole-stream time through Parley (four processes, PostgreSQL, RabbitMQ) against calling
 * the same provider directly. The two take turns within one run, so that a machine that slows down slows both.
 */
export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, ['streams', 'tokens', 'interval', 'profile'], ['plain']);
  const concurrencies = options.streams ? [integerOption(options, 'streams', 1)] : CONCURRENCIES;
  const tokens = integerOption(options, 'tokens', 50);
  const intervalMs = integerOption(options, 'interval', 10);
  const words = Array.from({ length: tokens }, (_, index) => ` word${index}`);
  const stub = await startProviderStub({ answer: { tokens: words.slice(0, 50), intervalMs: 10 } });
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
    const messages = [{ role: 'user', content: QUESTION }];
    const direct: Target = { baseUrl: stub.baseUrl, apiKey: stub.apiKey, body: { model: 'stub-chat', messages } };
    const plain: Target = {
      baseUrl: `${suite.baseUrl}/v1`,
      apiKey: suite.apiKey,
      body: { model: 'stub-chat', messages },
    };
    const targets: Record<string, Target> = { plain };
    if (!options.plain) {
      const tools = [{ type: 'file_search', vector_store_ids: [await knowledgeBase(suite)] }];
      targets['with retrieval'] = { ...plain, body: { model: 'stub-chat', messages, tools } };
    }
    for (const target of Object.values(targets))
      await load(50, { streamsEach: WARM_UP_RUNS / 50, target, spreadMs: 500 });
    await analyze(suite.databaseUrl);
    console.log(
      `provider stub: first token after ${FIRST_TOKEN_DELAY_MS} ms, then ${tokens} tokens every ${intervalMs} ms`,
    );
    console.log('streams  path                  TTFT p50  TTFT p95  added p50  added p95  total p50  total ratio');
    stub.answer = { tokens: words, intervalMs, firstTokenDelayMs: FIRST_TOKEN_DELAY_MS };
    const spreadMs = FIRST_TOKEN_DELAY_MS + tokens * intervalMs;
    for (const concurrency of concurrencies) await compare({ concurrency, spreadMs }, direct, targets);
  } finally {
    await suite.stop();
    await stub.close();
  }
}

/** Streams at a time, started spread over the length of one. */
interface Load {
  concurrency: number;
  spreadMs: number;
}

async function compare(
  { concurrency, spreadMs }: Load,
  direct: Target,
  targets: Record<string, Target>,
): Promise<void> {
  const all: [string, Target][] = [['direct', direct], ...Object.entries(targets)];
  const timings = new Map<string, Timing[]>(all.map(([name]) => [name, []]));
  for (const [, target] of all) await load(concurrency, { streamsEach: 1, target, spreadMs });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, target] of all) {
      const streamsEach = STREAMS_PER_CLIENT[concurrency] ?? 3;
      timings.get(name)!.push(...(await load(concurrency, { streamsEach, target, spreadMs })));
    }
  }
  const baseline = timings.get('direct')!;
  for (const [name, measured] of timings) print(concurrency, name, measured, baseline);
}

/** That many clients, each of which reads stream after stream. */
async function load(
  clients: number,
  { streamsEach, target, spreadMs }: { streamsEach: number; target: Target; spreadMs: number },
): Promise<Timing[]> {
  const client = async (index: number) => {
    await delay((spreadMs * index) / clients);
    const timings: Timing[] = [];
    for (let count = 0; count < streamsEach; count += 1) timings.push(await timedStream(target));
    return timings;
  };
  return (await Promise.all(Array.from({ length: clients }, (_, index) => client(index)))).flat();
}

function print(concurrency: number, name: string, measured: Timing[], baseline: Timing[]): void {
  const first = (timings: Timing[], share: number) =>
    quantile(
      timings.map((timing) => timing.firstTokenMs),
      share,
    );
  const total = (timings: Timing[]) => median(timings.map((timing) => timing.totalMs));
  const columns = [
    first(measured, 0.5),
    first(measured, 0.95),
    first(measured, 0.5) - first(baseline, 0.5),
    first(measured, 0.95) - first(baseline, 0.95),
    total(measured),
  ].map((value) => value.toFixed(1).padStart(9));
  const ratio = (total(measured) / total(baseline)).toFixed(3).padStart(11);
  console.log(`${String(concurrency).padStart(7)}  ${name.padEnd(20)} ${columns.join(' ')} ${ratio}`);
}

/** Some pages of terms to search in. */
async function knowledgeBase({ baseUrl, apiKey }: Suite): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const post = async (path: string, body: object | FormData) => {
    const init =
      body instanceof FormData
        ? { headers, body }
        : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${baseUrl}/v1${path}`, { method: 'POST', ...init });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as { id: string };
  };
  const clauses = Array.from(
    { length: 400 },
    (_, index) =>
      `Clause ${index}. Delivery of item ${index} takes ${index % 9} days; terms of batch ${index % 17} apply.`,
  );
  const form = new FormData();
  form.append('purpose', 'assistants');
  form.append('file', new Blob([clauses.join('\n\n')]), 'terms.txt');
  const file = await post('/files', form);
  const store = await post('/vector_stores', { name: 'terms', file_ids: [file.id] });
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const response = await fetch(`${baseUrl}/v1/vector_stores/${store.id}`, { headers });
    const { file_counts: counts } = (await response.json()) as { file_counts: { completed: number; failed: number } };
    if (counts.failed > 0) throw new Error('The terms could not be indexed.');
    if (counts.completed === 1) return store.id;
    await delay(100);
  }
  throw new Error('The terms were not indexed in time.');
}
