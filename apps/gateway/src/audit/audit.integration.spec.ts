import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, createTestVhost, describeWithServices, eventually } from '@parley/testing';
import pg from 'pg';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { ADMIN, type RunningGateway } from '../fixtures/running-gateway.fixture.js';

const OTHER = { name: 'Other', admin_email: 'other@example.com', admin_password: 'another long password' };

describeWithServices('The audit log', () => {
  let services: GatewayServices;
  let gateway: RunningGateway;
  let sql: pg.Client;
  let token: string;
  let other: string;

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    gateway = await services.start();
    sql = new pg.Client({ connectionString: services.database.url });
    await sql.connect();
    token = await gateway.signIn();
    await gateway.call('POST', '/api/v1/tenants', { token, body: OTHER });
    other = await gateway.signIn(OTHER.admin_email, OTHER.admin_password);
  });
  afterAll(async () => {
    await sql?.end();
    await services?.drop();
  });

  const events = async (by = token, query = '') =>
    (await gateway.call('GET', `/api/v1/audit-events${query}`, { token: by })).body as {
      data: Record<string, unknown>[];
      has_more: boolean;
    };
  const newest = async (by = token) => (await events(by, '?limit=1')).data[0];

  it('tells of sign-ins, of those that failed too', async () => {
    await gateway.signIn();
    expect(await newest()).toEqual({
      object: 'audit_event',
      ...{ action: 'session.create', outcome: 'done', target: null, code: null, api_key_id: null },
      sequence: expect.any(Number),
      created_at: expect.any(Number),
      user_id: expect.stringMatching(/^user_/),
      address: '127.0.0.1',
      request_id: expect.any(String),
    });
    const body = { email: ADMIN.email, password: 'not the password at all' };
    expect((await gateway.call('POST', '/api/v1/auth/login', { body })).status).toBe(401);
    await eventually(async () =>
      expect(await newest()).toMatchObject({
        action: 'session.create',
        outcome: 'refused',
        code: 'invalid_credentials',
      }),
    );
  });

  it('tells of keys, users, flags and log levels: who, what, and by which key', async () => {
    const made = await gateway.call('POST', '/api/v1/api-keys', { token, body: { name: 'ci', scopes: ['admin'] } });
    const { id, secret } = made.body as { id: string; secret?: string; key?: string };
    const key = secret ?? String(made.body!['key']);
    expect(await newest()).toMatchObject({ action: 'api_key.create', outcome: 'done', target: id, api_key_id: null });
    expect(JSON.stringify(await events())).not.toContain(key);
    const member = { email: 'member@example.com', password: 'a long password of a member', role: 'member' };
    const user = await gateway.call('POST', '/api/v1/users', { token: key, body: member });
    expect(await newest()).toMatchObject({ action: 'user.create', target: user.body!['id'], api_key_id: id });
    await gateway.call('POST', '/api/metrics/feature-flags/rollout', {
      token,
      body: { feature: 'streaming', percentage: 90 },
    });
    expect(await newest()).toMatchObject({ action: 'feature_flag.set', target: 'streaming' });
    await gateway.call('PUT', '/api/v1/log-level', { token, body: { level: 'error', expires_in_seconds: 60 } });
    expect(await newest()).toMatchObject({ action: 'log_level.set', outcome: 'done', target: 'error' });
    await gateway.call('DELETE', `/api/v1/api-keys/${id}`, { token });
    expect(await newest()).toMatchObject({ action: 'api_key.revoke', target: id });
  });

  it('tells what was refused, and keeps nothing from the tenant that it happened in', async () => {
    const attempt = await gateway.call('POST', '/api/v1/tenants', { token: other, body: { ...OTHER, name: 'More' } });
    expect(attempt.status).toBe(403);
    await eventually(async () =>
      expect(await newest(other)).toMatchObject({
        ...{ action: 'tenant.create', outcome: 'refused', code: 'insufficient_scope' },
      }),
    );
  });

  it('is a tenant’s own, for its administrators, in pages', async () => {
    const all = await events(token, '?limit=100');
    const first = await events(token, '?limit=3');
    expect(first).toMatchObject({ data: all.data.slice(0, 3), has_more: true });
    const rest = await events(token, `?limit=100&before=${String(first.data.at(-1)!['sequence'])}`);
    expect(rest).toMatchObject({ data: all.data.slice(3), has_more: false });
    const theirs = await events(other, '?limit=100');
    expect(theirs.data.map(({ action }) => action)).not.toContain('user.create');
    const member = await gateway.signIn('member@example.com', 'a long password of a member');
    expect((await gateway.call('GET', '/api/v1/audit-events', { token: member })).status).toBe(403);
    expect((await gateway.call('GET', '/api/v1/audit-events?before=x', { token })).status).toBe(400);
  });

  it('cannot be changed or written past its function by the gateway, nor for another tenant', async () => {
    const asGateway = async (statement: string) => {
      await sql.query(`begin; set local role parley_gateway`);
      await sql.query(`select set_config('parley.tenant_id', (select id::text from identity.tenants limit 1), true)`);
      return sql.query(statement).finally(() => sql.query('rollback'));
    };
    await expect(asGateway(`update identity.audit_events set action = 'x'`)).rejects.toThrow(/permission denied/);
    await expect(asGateway('delete from identity.audit_events')).rejects.toThrow(/permission denied/);
    await expect(
      asGateway(`select identity.append_audit('00000000-0000-4000-8000-000000000000', 'user.create', '{}')`),
    ).rejects.toThrow(/another tenant/);
  });

  it('is one chain, however many write at a time', async () => {
    await Promise.all(Array.from({ length: 8 }, () => gateway.signIn()));
    const { data } = await events(token, '?limit=100');
    const sequences = data.map(({ sequence }) => Number(sequence));
    expect(sequences).toEqual(sequences.map((_, index) => sequences[0]! - index));
    const { rows } = await sql.query<{ broken_at: string | null }>('select broken_at from identity.verify_audit()');
    expect(rows).toEqual([{ broken_at: null }, { broken_at: null }]);
  });
});
