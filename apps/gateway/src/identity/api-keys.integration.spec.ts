import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, createTestVhost, describeWithServices } from '@parley/testing';
import pg from 'pg';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { type Answer, type RunningGateway } from '../fixtures/running-gateway.fixture.js';

describeWithServices('An API key', () => {
  let services: GatewayServices;
  let gateway: RunningGateway;
  let token: string;

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    gateway = await services.start();
    token = await gateway.signIn();
  });
  afterAll(() => services?.drop());

  const create = (body: object, by = token): Promise<Answer> =>
    gateway.call('POST', '/api/v1/api-keys', { token: by, body });
  const secretOf = ({ body }: Answer): string => String(body!['secret']);
  const me = (by: string, at = gateway): Promise<Answer> => at.call('GET', '/api/v1/auth/me', { token: by });

  it('shows its secret once, works in either header, and is stored as a hash', async () => {
    const created = await create({ name: 'laptop' });
    expect(created.status).toBe(201);
    const secret = secretOf(created);
    expect(created.body).toMatchObject({ object: 'api_key', prefix: secret.slice(0, 11), expires_at: null });
    expect(created.body!['scopes']).not.toContain('admin');
    expect((await me(secret)).body).toMatchObject({ api_key_id: created.body!['id'] });
    const byHeader = await gateway.call('GET', '/api/v1/auth/me', { headers: { 'x-api-key': secret } });
    expect(byHeader.status).toBe(200);
    const list = await gateway.call('GET', '/api/v1/api-keys', { token });
    expect(list.text).not.toContain(secret);
    expect(JSON.stringify(await rows('select * from identity.api_keys'))).not.toContain(secret.slice(11));
  });

  it('notes when it was used, to the minute', async () => {
    const created = await create({ name: 'used' });
    const lastUsed = async () => {
      const { body } = await gateway.call('GET', '/api/v1/api-keys', { token });
      const key = (body!['data'] as { id: string; last_used_at: number | null }[]).find(
        ({ id }) => id === created.body!['id'],
      );
      return key!.last_used_at;
    };
    expect(await lastUsed()).toBeNull();
    await me(secretOf(created));
    const first = await lastUsed();
    expect(first).toEqual(expect.any(Number));
    const other = await services.start();
    await me(secretOf(created), other);
    expect(await lastUsed()).toBe(first);
  });

  it('stops working at once where it is revoked, and everywhere it was not used just now', async () => {
    const created = await create({ name: 'lost' });
    const secret = secretOf(created);
    expect((await me(secret)).status).toBe(200);
    const path = `/api/v1/api-keys/${String(created.body!['id'])}`;
    const revoked = await gateway.call('DELETE', path, { token });
    expect(revoked.body).toMatchObject({ id: created.body!['id'], deleted: true });
    expect((await me(secret)).status).toBe(401);
    expect((await me(secret, await services.start())).status).toBe(401);
    expect((await gateway.call('DELETE', path, { token })).status).toBe(404);
    expect((await gateway.call('DELETE', '/api/v1/api-keys/key_of_nobody', { token })).status).toBe(404);
  });

  it('stops working when it expires', async () => {
    const created = await create({ name: 'short', expires_at: Math.ceil(Date.now() / 1_000) + 60 });
    expect((await me(secretOf(created))).status).toBe(200);
    await rows(`update identity.api_keys set expires_at = now() where name = 'short'`);
    expect((await me(secretOf(created), await services.start())).status).toBe(401);
    expect(await create({ name: 'past', expires_at: 1 })).toMatchObject({ status: 400, body: { param: 'expires_at' } });
  });

  it('opens only what its scopes name', async () => {
    const secret = secretOf(await create({ name: 'narrow', scopes: ['files:read'] }));
    expect((await gateway.call('GET', '/v1/vector_stores', { token: secret })).status).toBe(403);
    expect((await gateway.call('GET', '/api/v1/users', { token: secret })).status).toBe(403);
    expect((await gateway.call('GET', '/metrics', { token: secret })).status).toBe(403);
  });

  it('makes no other keys, unless it is for administration', async () => {
    const plain = secretOf(await create({ name: 'plain' }));
    expect((await create({ name: 'child' }, plain)).status).toBe(403);
    expect((await gateway.call('GET', '/api/v1/api-keys', { token: plain })).status).toBe(403);
    const admin = secretOf(await create({ name: 'admin', scopes: ['admin', 'files:read'] }));
    expect((await create({ name: 'child', scopes: ['files:read'] }, admin)).status).toBe(201);
    expect((await create({ name: 'more', scopes: ['files:write'] }, admin)).status).toBe(403);
  });

  it('of a member is seen and revoked by the member and by administrators, and no other member', async () => {
    const [anna, bert] = await Promise.all(['anna', 'bert'].map(member));
    const key = await create({ name: 'of anna' }, anna);
    const path = `/api/v1/api-keys/${String(key.body!['id'])}`;
    expect((await create({ name: 'too much', scopes: ['admin'] }, anna)).status).toBe(403);
    expect((await gateway.call('GET', '/api/v1/api-keys', { token: bert! })).body).toMatchObject({ data: [] });
    expect((await gateway.call('DELETE', path, { token: bert! })).status).toBe(404);
    expect((await gateway.call('DELETE', path, { token })).status).toBe(200);
  });

  it('is listed in pages', async () => {
    for (const name of ['one', 'two', 'three']) await create({ name });
    const first = await gateway.call('GET', '/api/v1/api-keys?limit=2&order=asc', { token });
    expect(first.body).toMatchObject({ object: 'list', has_more: true });
    const after = String(first.body!['last_id']);
    const second = await gateway.call('GET', `/api/v1/api-keys?limit=1&order=asc&after=${after}`, { token });
    const before = String(second.body!['first_id']);
    const back = await gateway.call('GET', `/api/v1/api-keys?limit=2&order=asc&before=${before}`, { token });
    expect(back.body!['data']).toEqual(first.body!['data']);
  });

  async function member(name: string): Promise<string> {
    const user = { email: `${name}@example.com`, password: 'a fine password' };
    await gateway.call('POST', '/api/v1/users', { token, body: user });
    return gateway.signIn(user.email, user.password);
  }

  async function rows(sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: services.database.url });
    await client.connect();
    return (await client.query(sql).finally(() => client.end())).rows;
  }
});
