import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { TenantContext } from '@parley/contracts';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { Database } from './database.js';
import { migrate } from './migrate.js';

jest.setTimeout(60_000);

const tenant = TenantContext.of({
  tenantId: '11111111-1111-4111-8111-111111111111',
  userId: '22222222-2222-4222-8222-222222222222',
  role: 'admin',
});

describeWithServices('Database', () => {
  let testDatabase: TestDatabase;
  let database: Database;

  const connectTo = (url: string) =>
    new Database({ url, role: 'parley_chat', schema: 'chat', entities: [], poolSize: 2, statementTimeoutMs: 5_000 });

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

  it('says service_unavailable with a waiting time when Postgres cannot be reached', async () => {
    const unreachable = connectTo('postgres://nobody:x@127.0.0.1:1/none');
    await unreachable.onModuleInit();
    await expect(unreachable.ping()).rejects.toMatchObject({
      code: 'service_unavailable',
      retryAfterMs: expect.any(Number),
    });
  });
});
