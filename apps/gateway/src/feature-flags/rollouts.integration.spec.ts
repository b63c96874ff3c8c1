import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type INestMicroservice } from '@nestjs/common';
import { type VariantStatistics } from '@parley/contracts';
import { createTestDatabase, createTestVhost, describeWithServices, eventually } from '@parley/testing';
import { type ChatFacts } from '../fixtures/chat-responder.fixture.js';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { type RunningGateway } from '../fixtures/running-gateway.fixture.js';

const FLAGS = '/api/metrics/feature-flags';
const GOOD: VariantStatistics = {
  ...{ completed: 200, cancelled: 0, failed: 0, interrupted: 0, answered: 200, firstTokenMs: 200 * 300 },
};
const BAD = { ...GOOD, completed: 190, failed: 10 };
const PLAN = [1, 5, 10, 25, 50, 75, 90, 100].map((percentage) => ({ percentage, watch_seconds: 0 }));

describeWithServices('A rollout', () => {
  let services: GatewayServices;
  let gateways: RunningGateway[];
  let chat: INestMicroservice;
  let token: string;
  let feature = 'none';
  const facts: ChatFacts = { models: [], statistics: () => GOOD };

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    const { startChatResponder } = await import('../fixtures/chat-responder.fixture.js');
    chat = await startChatResponder(services.broker.url, facts);
    const environment = { FEATURE_FLAGS_POLL_MS: '100', ROLLOUT_CHECK_MS: '100' };
    gateways = await Promise.all([1, 2, 3].map(() => services.start(environment)));
    token = await gateways[0]!.signIn();
  });
  afterAll(async () => {
    await chat?.close();
    await services?.drop();
  });

  let count = 0;
  beforeEach(async () => {
    facts.statistics = () => GOOD;
    feature = `feature-${++count}`;
    facts.models = [feature, 'next'];
    await call('PUT', `/${feature}`, { model: feature, replacement: 'next' });
  });

  const call = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    gateways[0]!.call(method, FLAGS + path, { token, body, ...(headers ? { headers } : {}) });
  const start = (body: object = { stages: PLAN }) => call('POST', `/${feature}/rollouts`, body);
  const newest = async () =>
    ((await call('GET', `/${feature}/rollouts`)).body!['data'] as Record<string, unknown>[])[0]!;
  const ended = () =>
    eventually(async () => {
      const rollout = await newest();
      expect(rollout['state']).not.toBe('running');
      return rollout;
    });
  /** What was done, the first first. */
  const changes = async () => {
    const { body } = await call('GET', `/${feature}/changes`);
    return (body!['data'] as { cause: string; percentage: number; reason: string; figures: object }[]).reverse();
  };
  const percentages = async () => (await changes()).map(({ cause, percentage }) => `${cause} ${percentage}`);
  const shareIn = async (gateway: RunningGateway) => {
    const { FlagValues } = await import('./flag-values.js');
    return gateway.app.get(FlagValues).find(feature)?.percentage;
  };

  it('goes on by itself to all users, each stage once, whoever judges it', async () => {
    expect((await start()).status).toBe(201);
    expect(await ended()).toMatchObject({ state: 'completed', stage: 7, ended_at: expect.any(String) });
    expect(await percentages()).toEqual([
      ...['defined 0', 'started 1', 'promoted 5', 'promoted 10', 'promoted 25', 'promoted 50', 'promoted 75'],
      ...['promoted 90', 'promoted 100', 'completed 100'],
    ]);
    for (const gateway of gateways) await eventually(async () => expect(await shareIn(gateway)).toBe(100));
    expect((await start()).body).toMatchObject({ code: 'conflict' });
  });

  it('takes the feature from everybody by itself when it fails at 10 %, and says why', async () => {
    let isFaulty = false;
    facts.statistics = ({ variant }) => (isFaulty && variant === `${feature}:on` ? BAD : GOOD);
    await start({ stages: [...PLAN.slice(0, 2), { percentage: 10, watch_seconds: 600 }, ...PLAN.slice(3)] });
    await eventually(async () => expect(await newest()).toMatchObject({ stage: 2, verdict: { decision: 'wait' } }));
    isFaulty = true;
    expect(await ended()).toMatchObject({
      ...{ state: 'rolled_back', stage: 2 },
      verdict: {
        decision: 'roll_back',
        figures: { on: { runs: 200, errors: 10, error_rate: 0.05 }, off: { errors: 0 } },
      },
    });
    expect((await changes()).at(-1)).toMatchObject({
      ...{ cause: 'rolled_back', percentage: 0, reason: '10 of 200 answers failed since the stage began' },
      ...{ user_id: null, figures: { on: { errors: 10 } } },
    });
    for (const gateway of gateways) await eventually(async () => expect(await shareIn(gateway)).toBe(0));
  });

  it('stays where it is while nobody can say how it fares, and goes on then', async () => {
    facts.statistics = () => {
      throw new Error('chat is away');
    };
    await start();
    await eventually(async () => expect(await dueAgain()).toBe(true));
    expect(await newest()).toMatchObject({ state: 'running', stage: 0, verdict: null });
    facts.statistics = () => GOOD;
    expect(await ended()).toMatchObject({ state: 'completed' });
  });

  /** Whether its turn was claimed and has come again since. */
  async function dueAgain(): Promise<boolean> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: services.database.url });
    await client.connect();
    const { rows } = await client.query(
      `select check_at > created_at + interval '200 milliseconds' as again from identity.rollouts where feature = $1`,
      [feature],
    );
    await client.end();
    return rows[0].again;
  }

  it('counts what is decided only where it still is what was judged', async () => {
    await start({
      stages: [
        { percentage: 10, watch_seconds: 600 },
        { percentage: 20, watch_seconds: 600 },
      ],
    });
    const { RolloutsRepository } = await import('./rollouts.repository.js');
    const repository = gateways[0]!.app.get(RolloutsRepository);
    const due = await eventually(async () => {
      const claimed = await repository.claimDue(60_000);
      if (!claimed) throw new Error('It is the turn of another gateway.');
      return claimed;
    });
    const verdict = { decision: 'proceed' as const, reason: 'well', judged_at: '', figures: {} as never };
    const next = { state: 'running' as const, stage: 1, percentage: 20, cause: 'promoted' as const };
    const decided = await Promise.all([1, 2, 3].map(() => repository.decide(due, verdict, next)));
    expect(decided.filter((isDecided) => isDecided)).toHaveLength(1);
    expect(await percentages()).toEqual(['defined 0', 'started 10', 'promoted 20']);
    await call('POST', '/rollout', { feature, percentage: 0 });
    expect(await repository.decide({ ...due, stage: 1 }, verdict, null)).toBe(false);
  });

  it('ends when somebody stops it or sets the share, and begins again above what is on', async () => {
    const stages = [
      { percentage: 10, watch_seconds: 600 },
      { percentage: 50, watch_seconds: 600 },
    ];
    await start({ stages });
    expect((await start({ stages })).body).toMatchObject({ code: 'conflict' });
    expect((await call('POST', `/${feature}/rollouts/stop`)).body).toMatchObject({ state: 'stopped', stage: 0 });
    expect((await call('POST', `/${feature}/rollouts/stop`)).status).toBe(404);
    expect((await start({ stages })).body).toMatchObject({ stages: [{ percentage: 50, watch_seconds: 600 }] });
    await call('POST', '/rollout', { feature, percentage: 20 });
    expect(await newest()).toMatchObject({ state: 'stopped' });
    expect(await percentages()).toEqual(['defined 0', 'started 10', 'stopped 10', 'started 50', 'set 20']);
  });

  it('takes a plan that ascends, an idempotency key, and nobody from another tenant', async () => {
    expect((await start({ stages: [...PLAN].reverse() })).body).toMatchObject({
      code: 'invalid_request',
      param: 'stages',
    });
    expect((await start({ gates: { proceed: { error_rate: 2 } } })).status).toBe(400);
    expect((await call('POST', '/none/rollouts', {})).status).toBe(404);
    const headers = { 'idempotency-key': `key-${feature}` };
    const body = { gates: { min_runs: 7 }, stages: [{ percentage: 10, watch_seconds: 600 }] };
    const [first, second] = [
      await call('POST', `/${feature}/rollouts`, body, headers),
      await call('POST', `/${feature}/rollouts`, body, headers),
    ];
    expect(first.body).toMatchObject({
      ...{ state: 'running', stage: 0, verdict: null },
      gates: {
        ...{ min_runs: 7, window_seconds: 600 },
        proceed: { error_rate: 0.01, success_rate: 0.95, first_token_ms: 1_000 },
        roll_back: { error_rate: 0.02, success_rate: 0.9, first_token_ms: 2_000 },
      },
    });
    expect(second.body).toEqual(first.body);
    const tenant = { name: 'Other', admin_email: 'other@example.com', admin_password: 'another long password' };
    await gateways[0]!.call('POST', '/api/v1/tenants', { token, body: tenant });
    const other = await gateways[0]!.signIn(tenant.admin_email, tenant.admin_password);
    for (const [method, path] of [
      ['POST', ''],
      ['GET', ''],
      ['POST', '/stop'],
    ] as const) {
      const response = await gateways[0]!.call(method, `${FLAGS}/${feature}/rollouts${path}`, {
        ...{ token: other, ...(method === 'POST' ? { body: {} } : {}) },
      });
      expect([method, path, response.status]).toEqual([method, path, 403]);
    }
  });
});
