import { setTimeout as delay } from 'node:timers/promises';
import { eventually, startProviderStub, testServices } from '@parley/testing';
import { integerOption, readOptions } from './options.js';
import { type End, ENDS, type Outcome, SoakClient } from './soak/client.js';
import { Fleet } from './soak/fleet.js';
import { type VitalSigns, vitalSigns, waitingMessages } from './soak/vital-signs.js';

export const HELP = `npm run bench -- soak [options]

Streams answers through several gateways and chat services on PostgreSQL and RabbitMQ, while clients leave, come back to
another gateway and say stop at random, and gateways and chat services are killed with -9 and replaced. Every answer is
compared with what the model said. Ends with exit code 1 when a token was lost or doubled, a run has no end, or the
processes that were never killed hold more and more.

  --minutes <n>     how long (default 20)
  --streams <n>     at the same time (default 100)
  --gateways <n>    (default 2)
  --chats <n>       (default 2)
  --kill-every <s>  seconds between two kills, of a gateway and a chat service in turn (default 30)`;

const WORDS = Array.from({ length: 120 }, (_, index) => `wörd${index} `);
const GRACE_MS = 10_000;
const ENDED = ['completed', 'incomplete', 'failed', 'cancelled', 'interrupted'];
/** Of the heap, from the first quarter to the last: more is a leak, less is a garbage collector that had no reason to run. */
const MAX_GROWTH = 1.5;

interface Sample {
  minute: number;
  gateway: VitalSigns;
  chat: VitalSigns;
  waiting: number;
}

export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, ['minutes', 'streams', 'gateways', 'chats', 'kill-every']);
  const lengthMs = integerOption(options, 'minutes', 20) * 60_000;
  const provider = await startProviderStub({ answer: { tokens: WORDS, intervalMs: 25 } });
  const sizes = { gateway: integerOption(options, 'gateways', 2), chat: integerOption(options, 'chats', 2) };
  const fleet = await Fleet.start(sizes, {
    OPENAI_BASE_URL: provider.baseUrl,
    OPENAI_API_KEY: provider.apiKey,
    OPENAI_MODEL: 'stub-chat',
    ACCESS_TOKEN_EXPIRE_MINUTES: '600',
    RUN_ABANDON_GRACE_MS: String(GRACE_MS),
  });
  try {
    const until = performance.now() + lengthMs;
    const client = new SoakClient(fleet, { answer: WORDS.join(''), model: 'stub-chat' });
    const outcomes: Outcome[] = [];
    const clients = Array.from({ length: integerOption(options, 'streams', 100) }, () => ask(client, until, outcomes));
    const killing = kill(fleet, until, integerOption(options, 'kill-every', 30) * 1_000);
    const samples = await watch(fleet, until, outcomes, () => (provider.requests.length = 0));
    await Promise.all(clients);
    const kills = await killing;
    const endless = await runsWithoutEnd(client, outcomes);
    conclude({ outcomes, samples, kills, endless });
  } finally {
    await fleet.stop();
    await provider.close();
  }
}

async function ask(client: SoakClient, until: number, outcomes: Outcome[]): Promise<void> {
  await delay(Math.random() * 3_000);
  while (performance.now() < until) {
    const outcome = await client.ask();
    outcomes.push(outcome);
    if (outcome.end === 'refused') await delay(500);
  }
}

async function kill(fleet: Fleet, until: number, everyMs: number): Promise<number> {
  let kills = 0;
  while (performance.now() + everyMs < until) {
    await delay(everyMs);
    await fleet.replace(kills % 2 === 0 ? 'gateway' : 'chat');
    kills++;
  }
  return kills;
}

/** A line every so often, until the time is over. */
async function watch(fleet: Fleet, until: number, outcomes: Outcome[], forget: () => void): Promise<Sample[]> {
  const startedAt = performance.now();
  const everyMs = Math.max(5_000, (until - startedAt) / 20);
  const samples: Sample[] = [];
  const token = await fleet.adminToken();
  console.log('minute  answers  faults  gateway heap, rss MB, handles   chat heap, rss MB, handles  waiting');
  while (performance.now() < until) {
    await delay(Math.min(everyMs, Math.max(0, until - performance.now())));
    forget();
    const { gateway, chat } = fleet.veterans;
    const sample = {
      minute: (performance.now() - startedAt) / 60_000,
      gateway: await vitalSigns(gateway, token),
      chat: await vitalSigns(chat, token),
      waiting: await waitingMessages(testServices().rabbitmqManagementUrl),
    };
    samples.push(sample);
    const signs = ({ heapMb, residentMb, handles }: VitalSigns) =>
      [heapMb.toFixed(1), residentMb.toFixed(0), handles].map((value) => String(value).padStart(9)).join(' ');
    const counts = [outcomes.length, outcomes.filter(({ fault }) => fault).length];
    console.log(
      `${sample.minute.toFixed(1).padStart(6)} ${counts.map((count) => String(count).padStart(8)).join('')} ` +
        `${signs(sample.gateway)} ${signs(sample.chat)} ${String(sample.waiting).padStart(9)}`,
    );
  }
  return samples;
}

/** Of all runs that somebody heard of: none may be under way once nobody listens and the grace is over. */
async function runsWithoutEnd(client: SoakClient, outcomes: Outcome[]): Promise<string[]> {
  let pending = outcomes.flatMap(({ end, runId }) => (end === 'abandoned' && runId !== null ? [runId] : []));
  const check = async () => {
    const unended: string[] = [];
    for (const runId of pending) if (!ENDED.includes((await client.run(runId)).status)) unended.push(runId);
    pending = unended;
    if (pending.length > 0) throw new Error(`${pending.length} runs are still under way`);
  };
  await eventually(check, { timeoutMs: 3 * GRACE_MS, intervalMs: 1_000 }).catch(() => undefined);
  return pending;
}

interface Result {
  outcomes: Outcome[];
  samples: Sample[];
  kills: number;
  endless: string[];
}

function conclude({ outcomes, samples, kills, endless }: Result): void {
  const count = (end: End) => outcomes.filter((outcome) => outcome.end === end).length;
  const resumes = outcomes.reduce((sum, outcome) => sum + outcome.resumes, 0);
  console.log(`\n${ENDS.map((end) => `${end} ${count(end)}`).join(', ')}; ${resumes} resumptions, ${kills} kills`);
  const faults = outcomes.flatMap(({ fault }) => fault ?? []);
  faults.push(...endless.map((runId) => `run ${runId} has no end`));
  for (const kind of ['gateway', 'chat'] as const) {
    const quarter = Math.max(1, Math.floor(samples.length / 4));
    const least = (part: Sample[]) => Math.min(...part.map((sample) => sample[kind].heapMb));
    const growth = least(samples.slice(-quarter)) / least(samples.slice(0, quarter));
    console.log(`${kind}: smallest heap of the last quarter against the first ${growth.toFixed(2)}`);
    if (samples.length >= 8 && growth > MAX_GROWTH) faults.push(`the heap of ${kind} grew`);
  }
  for (const fault of faults.slice(0, 20)) console.log(`FAULT  ${fault}`);
  console.log(faults.length === 0 ? 'no answer was lost or doubled' : `${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}
