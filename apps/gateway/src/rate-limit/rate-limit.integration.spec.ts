import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  eventually,
  startTcpProxy,
  type TcpProxy,
  testServices,
} from '@parley/testing';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { type Answer, type RunningGateway } from '../fixtures/running-gateway.fixture.js';

const LIMIT = 3;

describeWithServices('The rate limit', () => {
  let services: GatewayServices;
  let redis: TcpProxy;
  let pods: RunningGateway[];

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    redis = await startTcpProxy(testServices().redisUrl);
    const environment = { RATE_LIMIT_REQUESTS_PER_MINUTE: String(LIMIT), REDIS_URL: redis.url };
    pods = await Promise.all([services.start(environment), services.start(environment)]);
  });
  afterAll(async () => {
    await services?.drop();
    await redis?.close();
  });

  const me = (pod: RunningGateway, token: string): Promise<Answer> => pod.call('GET', '/api/v1/auth/me', { token });
  async function member(name: string): Promise<string> {
    const [pod] = pods;
    const user = { email: `${name}@example.com`, password: 'a fine password' };
    await pod!.call('POST', '/api/v1/users', { token: await pod!.signIn(), body: user });
    return pod!.signIn(user.email, user.password);
  }

  it('counts a user’s requests on all pods together, and says what is left', async () => {
    const token = await member('counted');
    const first = await me(pods[0]!, token);
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('3');
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('2');
    expect(first.headers.get('ratelimit')).toMatch(/^"default";r=2;t=\d+$/);
    expect(first.headers.get('ratelimit-policy')).toBe('"default";q=3;w=60');
    await me(pods[1]!, token);
    await me(pods[0]!, token);
    const refused = await me(pods[1]!, token);
    expect([refused.status, refused.body?.['code']]).toEqual([429, 'rate_limit_exceeded']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect((await pods[0]!.call('GET', '/health/live')).status).toBe(200);
  });

  it('goes on in each process while Redis is away, and together when it is back', async () => {
    const token = await member('insured');
    redis.sever();
    const statuses: number[] = [];
    for (let n = 0; n <= LIMIT; n++) statuses.push((await me(pods[0]!, token)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    await redis.restore();
    let tries = 0;
    await eventually(async () => {
      const again = await member(`again-${++tries}`);
      await me(pods[0]!, again);
      expect((await me(pods[1]!, again)).headers.get('x-ratelimit-remaining-requests')).toBe('1');
    });
  });
});
