import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type INestMicroservice } from '@nestjs/common';
import { TenantContext } from '@parley/contracts';
import { createTestDatabase, createTestVhost, describeWithServices, eventually } from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { type Answer, type RunningGateway } from '../fixtures/running-gateway.fixture.js';
import { type ChatFacts } from '../fixtures/chat-responder.fixture.js';

const FLAGS = '/api/metrics/feature-flags';
const USERS = Array.from({ length: 50 }, () =>
  TenantContext.of({ tenantId: uuidv7(), userId: uuidv7(), role: 'member' }),
);

describeWithServices('Feature flags', () => {
  let services: GatewayServices;
  let gateways: RunningGateway[];
  let chat: INestMicroservice;
  let token: string;
  const facts: ChatFacts = {
    models: ['smart', 'smart-next'],
    statistics: () => {
      throw new Error('not asked');
    },
  };

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    const { startChatResponder } = await import('../fixtures/chat-responder.fixture.js');
    chat = await startChatResponder(services.broker.url, facts);
    const environment = { FEATURE_FLAGS_POLL_MS: '100' };
    gateways = [await services.start(environment), await services.start(environment)];
    token = await gateways[0]!.signIn();
  });
  afterAll(async () => {
    await chat?.close();
    await services?.drop();
  });
  beforeEach(() => set('streaming', 100));

  const call = (method: string, path = '', body?: object, by = token): Promise<Answer> =>
    gateways[0]!.call(method, FLAGS + path, { token: by, body });
  const set = (feature: string, percentage: number) => call('POST', '/rollout', { feature, percentage });
  const flagsOf = async (gateway: RunningGateway) => {
    const { FeatureFlags } = await import('./feature-flags.js');
    return gateway.app.get(FeatureFlags);
  };
  const streaming = async (gateway: RunningGateway) => {
    const flags = await flagsOf(gateway);
    return Promise.all(USERS.map((user) => flags.isOn(user, 'streaming')));
  };

  it('are for administrators of the first tenant alone', async () => {
    const tenant = { name: 'Other', admin_email: 'other@example.com', admin_password: 'another long password' };
    await gateways[0]!.call('POST', '/api/v1/tenants', { token, body: tenant });
    const other = await gateways[0]!.signIn(tenant.admin_email, tenant.admin_password);
    const calls = [
      ...[
        ['GET', ''],
        ['GET', '/streaming/changes'],
        ['DELETE', '/canary'],
      ].map(([method, path]) => [method, path]),
      ['PUT', '/canary', { model: 'smart', replacement: 'smart-next' }],
      ['POST', '/rollout', { feature: 'streaming', percentage: 1 }],
    ] as [string, string, object?][];
    for (const [method, path, body] of calls) {
      expect([path, await call(method, path, body, other)]).toMatchObject([path, { status: 403 }]);
    }
    expect((await call('GET')).body).toMatchObject({ data: [{ feature: 'streaming', percentage: 100 }] });
  });

  it('reach every gateway, each deciding the same for the same user', async () => {
    expect((await set('streaming', 50)).body).toMatchObject({ feature: 'streaming', percentage: 50 });
    const decided = await streaming(gateways[0]!);
    expect(decided).toContain(true);
    expect(decided).toContain(false);
    await eventually(async () => expect(await streaming(gateways[1]!)).toEqual(decided));
    await set('streaming', 80);
    const grown = await streaming(gateways[0]!);
    expect(decided.filter((isOn, user) => isOn && !grown[user])).toEqual([]);
  });

  it('are found as they were set by a gateway that starts later', async () => {
    await set('streaming', 30);
    expect(await streaming(await services.start())).toEqual(await streaming(gateways[0]!));
  });

  it('tell who set them, and when', async () => {
    await set('streaming', 7);
    const { body } = await call('GET', '/streaming/changes');
    expect((body!['data'] as object[])[0]).toEqual({
      ...{ cause: 'set', percentage: 7, reason: null, figures: null, rollout_id: null },
      user_id: expect.stringMatching(/^user_/),
      created_at: expect.stringMatching(/^20.*Z$/),
    });
  });

  it('have another model answer, once there are both', async () => {
    const canary = { description: 'The next one', model: 'smart', replacement: 'smart-next' };
    expect(await call('PUT', '/canary', { ...canary, replacement: 'none' })).toMatchObject({
      ...{ status: 404, body: { code: 'model_not_found', param: 'replacement' } },
    });
    expect((await call('PUT', '/canary', { ...canary, replacement: 'smart' })).status).toBe(400);
    expect((await call('PUT', '/streaming', canary)).status).toBe(409);
    expect((await call('PUT', '/canary', canary)).body).toEqual({ feature: 'canary', percentage: 0, ...canary });
    expect((await call('PUT', '/second', canary)).body).toMatchObject({ code: 'conflict', param: 'model' });
    await set('canary', 100);
    const expected = { feature: 'canary', model: 'smart', replacement: 'smart-next', isOn: true };
    const flags = await flagsOf(gateways[1]!);
    await eventually(async () => expect(await flags.modelFlags(USERS[0]!)).toEqual([expected]));
    expect((await call('PUT', '/canary', { ...canary, model: 'smart-next', replacement: 'smart' })).status).toBe(409);
    expect((await call('PUT', '/canary', { ...canary, description: '' })).body).toMatchObject({ percentage: 100 });
    expect((await call('DELETE', '/canary')).status).toBe(204);
    await eventually(async () => expect(await flags.modelFlags(USERS[0]!)).toEqual([]));
    expect((await call('DELETE', '/canary')).status).toBe(404);
    const { body } = await call('GET', '/canary/changes');
    const causes = (body!['data'] as { cause: string }[]).map(({ cause }) => cause);
    expect(causes).toEqual(['deleted', 'defined', 'set', 'defined']);
  });

  it('refuse what is no flag and no share', async () => {
    expect((await set('nothing', 1)).status).toBe(404);
    expect((await set('streaming', 101)).status).toBe(400);
    expect((await set('streaming', 0.5)).status).toBe(400);
    expect((await call('DELETE', '/No%20Flag')).status).toBe(404);
  });
});
