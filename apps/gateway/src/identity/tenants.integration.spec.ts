import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { createTestDatabase, createTestVhost, describeWithServices } from '@parley/testing';
import pg from 'pg';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { ADMIN, type Answer, type RunningGateway } from '../fixtures/running-gateway.fixture.js';

const OTHER = { email: 'boss@other.example', password: 'another fine password' };
const TABLES = ['tenants', 'users', 'api_keys'];

describeWithServices('A tenant', () => {
  let services: GatewayServices;
  let gateway: RunningGateway;
  let token: string;
  let otherToken: string;
  let otherKey: string;

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    gateway = await services.start();
    token = await gateway.signIn();
    const body = { name: 'Other', admin_email: OTHER.email, admin_password: OTHER.password };
    const created = await gateway.call('POST', '/api/v1/tenants', { token, body });
    expect(created.status).toBe(201);
    otherKey = (created.body!['api_key'] as { secret: string }).secret;
    otherToken = await gateway.signIn(OTHER.email, OTHER.password);
  });
  afterAll(() => services?.drop());

  it('is made with an admin and a key that both work, as another tenant', async () => {
    const [first, second, third] = await Promise.all(
      [token, otherToken, otherKey].map((by) => gateway.call('GET', '/api/v1/auth/me', { token: by })),
    );
    expect(second!.body).toMatchObject({ email: OTHER.email, role: 'admin' });
    expect(third!.body!['tenant_id']).toBe(second!.body!['tenant_id']);
    expect(second!.body!['tenant_id']).not.toBe(first!.body!['tenant_id']);
  });

  it('is made by an admin of the first tenant alone', async () => {
    const body = { name: 'Third', admin_email: 'third@example.com', admin_password: 'a fine password' };
    for (const by of [otherToken, otherKey])
      expect((await gateway.call('POST', '/api/v1/tenants', { token: by, body })).status).toBe(403);
    expect((await gateway.call('GET', '/api/v1/tenants', { token: otherToken })).status).toBe(403);
    const { body: all } = await gateway.call('GET', '/api/v1/tenants?order=asc', { token });
    expect(namesIn(all)).toEqual(['default', 'Other']);
    const cursor = String(all!['last_id']);
    const before = await gateway.call('GET', `/api/v1/tenants?order=asc&before=${cursor}`, { token });
    expect(namesIn(before.body)).toEqual(['default']);
    const after = await gateway.call('GET', `/api/v1/tenants?order=asc&after=${cursor}`, { token });
    expect(namesIn(after.body)).toEqual([]);
  });

  it('comes whole or not at all', async () => {
    const body = { name: 'Twice', admin_email: ADMIN.email.toLowerCase(), admin_password: 'a fine password' };
    const answer = await gateway.call('POST', '/api/v1/tenants', { token, body });
    expect([answer.status, answer.body?.['code']]).toEqual([409, 'conflict']);
    expect((await gateway.call('GET', '/api/v1/tenants', { token })).text).not.toContain('Twice');
  });

  it('sees neither users nor keys of another', async () => {
    const { body } = await gateway.call('GET', '/api/v1/users', { token: otherToken });
    expect((body!['data'] as { email: string }[]).map(({ email }) => email)).toEqual([OTHER.email]);
    const mine = await gateway.call('POST', '/api/v1/api-keys', { token, body: { name: 'mine' } });
    const path = `/api/v1/api-keys/${String(mine.body!['id'])}`;
    expect((await gateway.call('DELETE', path, { token: otherToken })).status).toBe(404);
    expect((await gateway.call('GET', '/api/v1/api-keys', { token: otherToken })).text).not.toContain('mine');
  });

  it('is walled off by the database itself, in every table and for writing too', async () => {
    const database = gateway.app.get(Database);
    const rows = await sql<{ id: string; user_id: string; email: string }>(
      'select t.id, u.id as user_id, u.email from identity.tenants t join identity.users u on u.tenant_id = t.id',
    );
    const [first, other] = [ADMIN.email, OTHER.email].map((email) => rows.find((row) => row.email === email)!);
    const asOther = TenantContext.of({ tenantId: other!.id, userId: other!.user_id, role: 'admin' });
    for (const table of TABLES) {
      const column = table === 'tenants' ? 'id' : 'tenant_id';
      const query = `select count(*)::int as visible, count(*) filter (where ${column} <> $1)::int as foreign_rows from identity.${table}`;
      const [seen] = await database.withTenant(asOther, (tx) => tx.query(query, [other!.id]));
      expect({ table, ...seen }).toEqual({ table, visible: expect.any(Number), foreign_rows: 0 });
      expect(seen.visible).toBeGreaterThan(0);
      const [unseen] = await database.withoutTenant((tx) => tx.query(query, [other!.id]));
      expect({ table, ...unseen }).toEqual({ table, visible: 0, foreign_rows: 0 });
    }
    const intrude = database.withTenant(asOther, (tx) =>
      tx.query(
        `insert into identity.users (id, tenant_id, email, password_hash, role)
        values (gen_random_uuid(), $1, 'intruder@example.com', 'x', 'admin')`,
        [first!.id],
      ),
    );
    await expect(intrude).rejects.toThrow(/row-level security/);
    const promote = database.withTenant(asOther, (tx) => tx.query('update identity.tenants set is_platform = true'));
    await expect(promote).rejects.toThrow(/permission denied/);
  });

  it('has its credentials looked up by the gateway’s role alone', async () => {
    const functions = await sql<{ name: string; roles: string[] }>(`
      select p.proname as name, array_agg(r.rolname::text order by r.rolname) as roles
        from pg_proc p cross join pg_roles r
       where p.pronamespace = 'identity'::regnamespace and r.rolname like 'parley%'
         and has_function_privilege(r.rolname, p.oid, 'execute')
       group by p.proname`);
    expect(functions.length).toBeGreaterThan(4);
    for (const { name, roles } of functions) expect([name, roles]).toEqual([name, ['parley_gateway', 'parley_owner']]);
    const loose = await sql(`select proname from pg_proc where pronamespace = 'identity'::regnamespace and prosecdef
      and not coalesce(proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']`);
    expect(loose).toEqual([]);
  });

  function namesIn(body: Answer['body']): string[] {
    return (body!['data'] as { name: string }[]).map(({ name }) => name);
  }

  async function sql<Row>(query: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: services.database.url });
    await client.connect();
    return (await client.query(query).finally(() => client.end())).rows as Row[];
  }
});
