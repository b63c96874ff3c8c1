import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import pg from 'pg';
import { migrate } from './migrate.js';
import { APP_ROLES } from './persistence-options.js';

/** Tables without a tenant's rows, each with the reason. Everything else must be behind row-level security. */
const WITHOUT_TENANT: Record<string, string> = {
  'memory.outbox': 'infrastructure: the relay sends the messages of all tenants',
  'memory.embedding_spaces': 'a registry of models, the same for all tenants',
};

const OWNER = '11111111-1111-4111-8111-111111111111';
const STRANGER = '22222222-2222-4222-8222-222222222222';

interface Column {
  name: string;
  type: string;
  required: boolean;
}

interface Table {
  name: string;
  tenantColumn: string;
  columns: Column[];
}

/** A value of any type that our tables use: the rows need not make sense, only to exist. */
function sampleOf({ type }: Column): string {
  if (type === 'uuid') return `gen_random_uuid()`;
  if (/^(integer|bigint|smallint|double precision|real|numeric)/.test(type)) return '1';
  if (type === 'boolean') return 'true';
  if (type === 'jsonb') return `'{}'::jsonb`;
  if (type === 'bytea') return `'\\x01'::bytea`;
  if (type.startsWith('timestamp')) return 'now()';
  if (type === 'tsvector') return `'word'::tsvector`;
  if (type.startsWith('sparsevec')) return `'{1:1}/1000000000'::sparsevec`;
  if (type.startsWith('halfvec')) return `array_fill(1, array[${/\d+/.exec(type)![0]}])::real[]::halfvec`;
  if (type.endsWith('[]')) return `'{}'::${type}`;
  return `'sample'`;
}

describeWithServices('every table', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let tables: Table[];

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: async (url) => void (await migrate(url)), template: 'migrated' });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`select memory.ensure_embedding_space('probe', 3, 0.5)`);
    await withoutConstraints();
    tables = await tenantTables();
  });
  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  /** Checks and foreign keys would refuse the made-up rows; this database is thrown away. */
  async function withoutConstraints(): Promise<void> {
    const { rows } = await client.query(`
      select conrelid::regclass as table, conname from pg_constraint c join pg_namespace n on n.oid = connamespace
      where nspname in ('identity', 'chat', 'memory') and contype in ('c', 'f') and conislocal and conparentid = 0`);
    for (const row of rows)
      await client.query(`alter table ${row.table} drop constraint if exists "${row.conname}" cascade`);
  }

  async function tenantTables(): Promise<Table[]> {
    const { rows } = await client.query(`
      select n.nspname || '.' || c.relname as name,
        json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
          'required', a.attnotnull and not a.atthasdef and a.attidentity = '' and a.attgenerated = '')) as columns
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and attnum > 0
      where n.nspname in ('identity', 'chat', 'memory') and c.relkind in ('r', 'p') and not c.relispartition
      group by 1 order by 1`);
    return rows
      .filter((row) => !(row.name in WITHOUT_TENANT))
      .map((row) => ({ ...row, tenantColumn: row.name === 'identity.tenants' ? 'id' : 'tenant_id' }));
  }

  /** Runs as an app in a transaction that is rolled back; null where the role may not do that at all. */
  async function as<T>(role: string, tenant: string, work: () => Promise<T>): Promise<T | 'refused'> {
    await client.query('begin');
    try {
      await client.query(`select set_config('role', $1, true), set_config('parley.tenant_id', $2, true)`, [
        role,
        tenant,
      ]);
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code === '42501') return 'refused';
      throw error;
    } finally {
      await client.query('rollback');
    }
  }

  const insertSql = ({ name, columns, tenantColumn }: Table) => {
    const filled = columns.filter((column) => column.required || column.name === tenantColumn);
    const values = filled.map((column) => (column.name === tenantColumn ? `'${OWNER}'` : sampleOf(column)));
    return `insert into ${name} (${filled.map((column) => `"${column.name}"`).join(', ')}) values (${values.join(', ')})`;
  };

  it('is behind forced row-level security, or is listed with a reason', async () => {
    const { rows } = await client.query(`
      select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('identity', 'chat', 'memory') and c.relkind in ('r', 'p') and not c.relispartition
        and not (c.relrowsecurity and c.relforcerowsecurity)`);
    expect(rows.map((row) => row.name).sort()).toEqual(Object.keys(WITHOUT_TENANT).sort());
    expect(tables.length).toBeGreaterThan(8);
  });

  it('belongs to parley_owner, as which no app runs', async () => {
    const { rows } = await client.query(`
      select n.nspname || '.' || c.relname as name, pg_get_userbyid(relowner) as owner from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('identity', 'chat', 'memory') and c.relkind in ('r', 'p', 'v', 'm')
        and pg_get_userbyid(relowner) <> 'parley_owner'`);
    expect(rows).toEqual([]);
  });

  it('shows its rows to their tenant alone, whoever asks and whatever they try', async () => {
    const seen: string[] = [];
    for (const table of tables) {
      await client.query(insertSql(table));
      for (const role of APP_ROLES) {
        const count = async () => Number((await client.query(`select count(*) from ${table.name}`)).rows[0].count);
        const own = await as(role, OWNER, count);
        if (own === 'refused') continue;
        seen.push(table.name);
        expect([table.name, role, own]).toEqual([table.name, role, 1]);
        expect([table.name, role, await as(role, STRANGER, count)]).toEqual([table.name, role, 0]);
        expect([table.name, role, await as(role, '', count)]).toEqual([table.name, role, 0]);
        const change = async (sql: string) => (await client.query(sql)).rowCount;
        const update = `update ${table.name} set "${table.tenantColumn}" = '${STRANGER}'`;
        expect([0, 'refused']).toContain(await as(role, STRANGER, () => change(update)));
        expect([0, 'refused']).toContain(await as(role, STRANGER, () => change(`delete from ${table.name}`)));
        expect(await as(role, STRANGER, () => change(insertSql(table)))).toBe('refused');
      }
    }
    expect(new Set(seen).size).toBe(tables.length);
  });
});
