import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { TenantContext } from '@parley/contracts';
import { createTestDatabase, describeWithServices, eventually, metricValue, type TestDatabase } from '@parley/testing';
import { Database } from './database.js';
import { migrate } from './migrate.js';
import { type AppRole } from './persistence-options.js';

const tenant = TenantContext.of({
  tenantId: '11111111-1111-4111-8111-111111111111',
  userId: '22222222-2222-4222-8222-222222222222',
  role: 'admin',
});

describeWithServices('Database', () => {
  let testDatabase: TestDatabase;
  let database: Database;

  const connectTo = (url: string, role: AppRole = 'parley_chat') =>
    new Database({ url, role, schema: 'chat', entities: [], poolSize: 2, statementTimeoutMs: 5_000 });

  beforeEach(async () => {
    testDatabase = await createTestDatabase({
      prepare: async (url) => void (await migrate(url)),
      template: 'migrated',
    });
    database = connectTo(testDatabase.url);
    await database.onModuleInit();
  });
  afterEach(async () => {
    await database.onApplicationShutdown();
    await testDatabase.drop();
  });

  const whoAmI = `select current_user as role, current_setting('parley.tenant_id') as tenant`;

  it('works as the app’s role and for one tenant, whatever the login may do', async () => {
    const [row] = await database.withTenant(tenant, (tx) => tx.query(whoAmI));
    expect(row).toEqual({ role: 'parley_chat', tenant: tenant.tenantId });
  });

  it('sends one statement as a transaction of its own, in the app’s role and for one tenant', async () => {
    expect(await database.query(tenant, `${whoAmI}, $1 as said`, ['x'])).toEqual([
      { role: 'parley_chat', tenant: tenant.tenantId, said: 'x' },
    ]);
    const insert = `insert into chat.assistants (id, tenant_id, name) values ($1, $1, 'x') returning name`;
    const { rows, committed } = database.send(tenant, insert, [tenant.tenantId]);
    expect(await rows).toEqual([{ name: 'x' }]);
    await committed;
    expect(await database.query(tenant, 'select name from chat.assistants', [])).toEqual([{ name: 'x' }]);
    const [unscoped] = await database.withoutTenant((tx) => tx.query(whoAmI));
    expect(unscoped).toEqual({ role: 'parley_chat', tenant: '' });
  });

  it('runs no statement outside of its transaction: not when that cannot begin, nor after one that failed', async () => {
    const insert = `insert into chat.assistants (id, tenant_id, name) values ($1, $1, 'x')`;
    const unknownRole = connectTo(testDatabase.url, 'parley_nobody' as AppRole);
    await expect(unknownRole.query(tenant, insert, [tenant.tenantId])).rejects.toThrow('parley_nobody');
    await unknownRole.onApplicationShutdown();
    for (let i = 0; i < 4; i += 1) {
      const { rows, committed } = database.send(tenant, 'select nonsense', []);
      await expect(rows).rejects.toThrow('nonsense');
      await expect(committed).rejects.toThrow('nonsense');
    }
    expect(await database.query(tenant, 'select name from chat.assistants', [])).toEqual([]);
  });

  it('says that a commit failed, though the statement did not', async () => {
    await database.withTenant(tenant, (tx) =>
      tx.query('create temp table pair (id int primary key deferrable initially deferred)'),
    );
    const { rows, committed } = database.send(tenant, 'insert into pair select 1 from generate_series(1, 2)', []);
    expect(await rows).toEqual([]);
    await expect(committed).rejects.toMatchObject({ code: '23505' });
  });

  it('tells what its pool does, and how long transactions waited for a connection', async () => {
    const connections = (state: string) => metricValue('parley_database_pool_connections', { app: 'chat', state });
    const waits = () => metricValue('parley_database_pool_wait_seconds_count', { app: 'chat' });
    const before = await waits();
    const hold = Promise.withResolvers<void>();
    const held = [1, 2, 3].map(() => database.withTenant(tenant, () => hold.promise));
    await eventually(async () => expect([await connections('total'), await connections('waiting')]).toEqual([2, 1]));
    hold.resolve();
    await Promise.all(held);
    expect([await connections('total'), await connections('idle'), await connections('waiting')]).toEqual([2, 2, 0]);
    expect((await waits()) - before).toBe(3);
    await database.onApplicationShutdown();
    expect(await connections('total')).toBe(0);
  });

  it('leaves nothing of a tenant on the connection', async () => {
    await database.withTenant(tenant, (tx) => tx.query('select 1'));
    for (let i = 0; i < 4; i += 1) {
      const [row] = await database.withoutTenant((tx) => tx.query(whoAmI));
      expect(row).toEqual({ role: 'parley_chat', tenant: '' });
    }
  });

  it('undoes everything when the work fails, and passes its error on', async () => {
    const failure = new Error('half-way');
    const insert = `insert into chat.assistants (id, tenant_id, name) values ($1, $1, 'x')`;
    const attempt = database.withTenant(tenant, async (tx) => {
      await tx.query(insert, [tenant.tenantId]);
      throw failure;
    });
    await expect(attempt).rejects.toBe(failure);
    expect(await database.withTenant(tenant, (tx) => tx.query('select * from chat.assistants'))).toEqual([]);
  });

  it('gives no connection back with a transaction still open, however it failed', async () => {
    const broken = () => database.withTenant(tenant, (tx) => tx.query('select nonsense'));
    for (let i = 0; i < 4; i += 1) await expect(broken()).rejects.toThrow('nonsense');
    const unknownRole = connectTo(testDatabase.url, 'parley_nobody' as AppRole);
    for (let i = 0; i < 4; i += 1) await expect(unknownRole.ping()).rejects.toThrow('parley_nobody');
    await unknownRole.onApplicationShutdown();
    const open = `select count(*)::int as open from pg_stat_activity where datname = current_database() and state like 'idle in%'`;
    expect(await database.withoutTenant((tx) => tx.query(open))).toEqual([{ open: 0 }]);
  });

  it('is one transaction, also where TypeORM nests another', async () => {
    const insert = `insert into chat.assistants (id, tenant_id, name) values (gen_random_uuid(), $1, 'x')`;
    const attempt = database.withTenant(tenant, async (tx) => {
      await tx.transaction((inner) => inner.query(insert, [tenant.tenantId]));
      throw new Error('afterwards');
    });
    await expect(attempt).rejects.toThrow('afterwards');
    expect(await database.withTenant(tenant, (tx) => tx.query('select * from chat.assistants'))).toEqual([]);
  });

  it('says service_unavailable with a waiting time when Postgres cannot be reached', async () => {
    const unreachable = connectTo('postgres://nobody:x@127.0.0.1:1/none');
    await unreachable.onModuleInit();
    await expect(unreachable.ping()).rejects.toMatchObject({
      code: 'service_unavailable',
      retryAfterMs: expect.any(Number),
    });
  });
});
