import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type ProviderStub, startProviderStub } from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { bucketOf } from '../apps/gateway/src/feature-flags/feature-flag.js';
import { postJson, signIn, startRealSuite, type Suite } from '../e2e/support/suite.js';
import { type Verification } from './verification.js';

const USERS = 40;
const MODEL = 'smart';
const REPLACEMENT = 'smart-next';
const SPREAD_WITHIN_MS = 2_000;
const STAGES = [1, 5, 10, 25, 50, 75, 90, 100].map((percentage) => ({ percentage, watch_seconds: 2 }));
const GATES = { min_runs: 25, window_seconds: 30 };
const PAUSE_MS = 10;
const PATIENCE = { timeoutMs: 240_000, intervalMs: 100 };

interface User {
  id: string;
  token: string;
  /** Providers that have answered, one after the other. */
  answeredBy: string[];
}

interface Rollout {
  state: string;
  stage: number;
  verdict: { reason: string } | null;
}

/** Two gateways and two chats, users who ask all the time, and a model that breaks when a tenth of them have it. */
export const rollout: Verification = {
  summary: 'a rollout goes on by itself to 10 %, meets a fault there and is back at 0 % by itself, on every gateway',
  async run(say) {
    const [main, next] = await Promise.all([startProviderStub(), startProviderStub()]);
    const suite = await startRealSuite({
      ...{ LLM_CONFIG: JSON.stringify(configuration(main, next)), KEY: main.apiKey, ROLLOUT_CHECK_MS: '500' },
    });
    const stopping = new AbortController();
    try {
      const [second] = await Promise.all([suite.add('gateway'), suite.add('chat')]);
      const gateways: [string, string] = [suite.baseUrl, second.url];
      await eventually(async () => void (await call(second.url, '', 'GET', '/health')), PATIENCE);
      const admin = await signIn(suite.baseUrl, suite.adminEmail, suite.adminPassword);
      const users = await createUsers(suite, admin);
      const feature = featureFor(users);
      await call(suite.baseUrl, admin, 'PUT', `/api/metrics/feature-flags/${feature}`, {
        ...{ model: MODEL, replacement: REPLACEMENT },
      });
      const load = Promise.all(users.map((user, index) => askAll(user, gateways, index, stopping.signal)));
      await Promise.race([load, check({ admin, gateways, users, feature, next }, say)]);
    } finally {
      stopping.abort();
      await suite.stop();
      await Promise.all([main.close(), next.close()]);
    }
  },
};

interface Scene {
  /** A token of the first tenant's administrator. */
  admin: string;
  gateways: [string, string];
  users: User[];
  feature: string;
  next: ProviderStub;
}

async function check(scene: Scene, say: (line: string) => void): Promise<void> {
  const {
    admin,
    gateways: [gateway],
    feature,
    next,
    users,
  } = scene;
  const flag = `/api/metrics/feature-flags/${feature}`;
  const newest = async () => {
    const { data } = await call<{ data: Rollout[] }>(gateway, admin, 'GET', `${flag}/rollouts`);
    return data[0]!;
  };
  await call(gateway, admin, 'POST', `${flag}/rollouts`, { stages: STAGES, gates: GATES });
  await eventually(async () => assert((await newest()).stage === 2, 'it has not come to 10 %'), PATIENCE);
  let asked = 0;
  next.answer = () => (asked++ % 3 === 0 ? { tokens: [], fault: { kind: 'status', status: 500 } } : 'from the next');
  const brokenAt = performance.now();
  const ended = await eventually(async () => {
    const rollout = await newest();
    assert(rollout.state !== 'running', 'it is still running');
    return rollout;
  }, PATIENCE);
  const backAfterMs = performance.now() - brokenAt;
  assert(ended.state === 'rolled_back' && ended.stage === 2, `it ended as ${ended.state} at stage ${ended.stage}`);
  const { data: changes } = await call<{ data: { cause: string; percentage: number; reason: string | null }[] }>(
    ...([gateway, admin, 'GET', `${flag}/changes`] as const),
  );
  for (const { cause, percentage, reason } of changes.reverse())
    say(`${cause} ${percentage} %${reason ? `: ${reason}` : ''}`);
  assert(changes.filter(({ cause }) => cause === 'promoted').length === 2, 'a stage was begun more than once');
  say(`back at 0 % ${Math.round(backAfterMs)} ms after the model broke; ${asked} answers were asked of it meanwhile`);
  say(sticky(users));
  next.answer = 'well again';
  say(`a share set on one gateway holds on the other after ${await spreadMs(scene)} ms (at most ${SPREAD_WITHIN_MS})`);
}

/** Whoever had the next model kept it until the rollback, and nobody had it afterwards. */
function sticky(users: User[]): string {
  const served = users.filter(({ answeredBy }) => answeredBy.includes('next'));
  const switched = served.filter(({ answeredBy }) => {
    const runs = answeredBy.filter((provider, index) => provider !== answeredBy[index - 1]);
    return !['main next main', 'next main', 'main next', 'next'].includes(runs.join(' '));
  });
  assert(switched.length === 0, `${switched.length} users went to and fro between the models`);
  const answers = users.reduce((sum, { answeredBy }) => sum + answeredBy.length, 0);
  return `${served.length} of ${users.length} users had the next model, each without a break; ${answers} answers in all`;
}

async function spreadMs({ admin, gateways, feature, users }: Scene): Promise<number> {
  const [here, there] = gateways;
  const user = users.reduce((last, one) => (bucketOf(feature, one.id) > bucketOf(feature, last.id) ? one : last));
  await eventually(async () => assert((await ask(there, user)) === 'main', 'still the next model'), PATIENCE);
  await call(here, admin, 'POST', '/api/metrics/feature-flags/rollout', { feature, percentage: 100 });
  const setAt = performance.now();
  await eventually(async () => assert((await ask(there, user)) === 'next', 'still the old model'), {
    ...{ timeoutMs: SPREAD_WITHIN_MS, intervalMs: 20 },
  });
  return Math.round(performance.now() - setAt);
}

/** A flag for which one of the users is among the first hundredth, and some among the first tenth. */
function featureFor(users: User[]): string {
  for (let number = 0; ; number++) {
    const feature = `next-${number}`;
    const within = (percentage: number) => users.filter(({ id }) => bucketOf(feature, id) < percentage * 100).length;
    if (within(1) >= 1 && within(10) >= 4) return feature;
  }
}

async function askAll(user: User, gateways: string[], index: number, signal: AbortSignal): Promise<void> {
  for (let turn = index; !signal.aborted; turn++) {
    const provider = await ask(gateways[turn % gateways.length]!, user).catch(() => null);
    if (provider) user.answeredBy.push(provider);
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Who answered. Rejects when the answer failed. */
async function ask(gateway: string, { token }: User): Promise<string> {
  const body = { model: MODEL, store: false, messages: [{ role: 'user', content: 'Who are you?' }] };
  const { parley } = await call<{ parley: { provider: string } }>(gateway, token, 'POST', '/v1/chat/completions', body);
  return parley.provider;
}

async function createUsers({ baseUrl }: Suite, admin: string): Promise<User[]> {
  const users: User[] = [];
  for (let number = 0; number < USERS; number++) {
    const [email, password] = [`user-${number}@example.com`, uuidv7()];
    await postJson(`${baseUrl}/api/v1/users`, { email, password }, admin);
    const token = await signIn(baseUrl, email, password);
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { sub: string };
    users.push({ id: sub, token, answeredBy: [] });
  }
  return users;
}

function configuration(main: ProviderStub, next: ProviderStub): object {
  const provider = (name: string, { baseUrl }: ProviderStub) => ({
    ...{ name, base_url: baseUrl, api_key_env: 'KEY', max_retries: 0, breaker_threshold: 1_000 },
  });
  return {
    providers: [provider('main', main), provider('next', next)],
    models: [
      { name: MODEL, targets: [{ provider: 'main', model: 'stub-chat' }] },
      { name: REPLACEMENT, targets: [{ provider: 'next', model: 'stub-chat' }] },
    ],
  };
}

async function call<T>(base: string, token: string, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

function assert(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
