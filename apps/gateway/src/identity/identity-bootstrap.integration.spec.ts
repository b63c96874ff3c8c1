import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, createTestVhost, describeWithServices, eventually, startTcpProxy } from '@parley/testing';
import { IdentityBootstrap } from './identity-bootstrap.service.js';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { ADMIN, type RunningGateway } from '../fixtures/running-gateway.fixture.js';

const NOBODY = { BOOTSTRAP_ADMIN_EMAIL: '', BOOTSTRAP_ADMIN_PASSWORD: '' };

describeWithServices('The first administrator', () => {
  let services: GatewayServices;
  let gateways: RunningGateway[];

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    gateways = await Promise.all([services.start(NOBODY), services.start(NOBODY)]);
  });
  afterAll(() => services?.drop());

  it('is created once, however many processes try at the same time', async () => {
    const attempts = await Promise.all(
      [0, 1, 0, 1].map((n) => gateways[n]!.app.get(IdentityBootstrap).ensureAdmin(ADMIN)),
    );
    expect(attempts.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(attempts.map(({ userId }) => userId)).size).toBe(1);
    expect(await gateways[0]!.signIn()).toMatch(/^ey/);
  });

  it('stays as it is when the settings change later', async () => {
    const bootstrap = gateways[0]!.app.get(IdentityBootstrap);
    const first = await bootstrap.ensureAdmin(ADMIN);
    expect(await bootstrap.ensureAdmin({ email: 'new@example.com', password: 'new password' })).toEqual(first);
    expect(first.created).toBe(false);
    const answer = await gateways[0]!.call('POST', '/api/v1/auth/login', {
      body: { email: 'new@example.com', password: 'new password' },
    });
    expect(answer.status).toBe(401);
  });

  it('gets a key that is kept while it works and replaced when it does not', async () => {
    const bootstrap = gateways[0]!.app.get(IdentityBootstrap);
    const admin = await bootstrap.ensureAdmin(ADMIN);
    const issued = await bootstrap.ensureApiKey(admin, { name: 'first key' });
    expect(issued.created).toBe(true);
    const kept = await bootstrap.ensureApiKey(admin, { name: 'first key', secret: issued.secret });
    expect(kept).toEqual({ created: false, secret: issued.secret });
    const replaced = await bootstrap.ensureApiKey(admin, { name: 'first key', secret: 'pk_of_another_database' });
    expect(replaced.created).toBe(true);
    expect((await gateways[1]!.call('GET', '/api/v1/auth/me', { token: replaced.secret })).status).toBe(200);
  });

  it('is created as soon as the database can be reached', async () => {
    const fresh = await GatewayServices.create({ createTestDatabase, createTestVhost });
    const proxy = await startTcpProxy(fresh.database.url);
    try {
      proxy.sever();
      const gateway = await fresh.start({ DATABASE_URL: proxy.url });
      await proxy.restore();
      await eventually(async () => expect(await gateway.signIn()).toMatch(/^ey/), {
        timeoutMs: 15_000,
        intervalMs: 300,
      });
    } finally {
      await fresh.drop();
      await proxy.close();
    }
  });
});
