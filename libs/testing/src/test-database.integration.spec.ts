import { afterEach, expect, it } from '@jest/globals';
import { describeWithServices } from './describe-with-services.js';
import { queryPostgres } from './services/postgres-client.js';
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.js';

describeWithServices('createTestDatabase', () => {
  const databases: TestDatabase[] = [];
  const create = async (options?: TestDatabaseOptions) => {
    const database = await createTestDatabase(options);
    databases.push(database);
    return database;
  };
  afterEach(async () => {
    await Promise.all(databases.splice(0).map((database) => database.drop()));
  });

  it('gives every caller a database of its own', async () => {
    const [one, other] = await Promise.all([create(), create()]);
    await queryPostgres(one.url, 'create table mine (id int)');
    expect(await queryPostgres(other.url, `select to_regclass('mine') as found`)).toEqual([{ found: null }]);
  });

  it('prepares a template once and copies it for all who ask for it', async () => {
    let preparations = 0;
    const prepare = async (url: string) => {
      preparations++;
      await queryPostgres(url, 'create table prepared as select 7 as value');
    };
    const template = `template of this spec in process ${process.pid}`;
    const copies = await Promise.all([1, 2, 3].map(() => create({ prepare, template })));
    expect(preparations).toBe(1);
    for (const { url } of copies) {
      expect(await queryPostgres(url, 'select value from prepared')).toEqual([{ value: 7 }]);
    }
  });

  it('makes no template of a preparation that failed', async () => {
    const template = `failing template in process ${process.pid}`;
    await expect(create({ template, prepare: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    const { url } = await create({ template, prepare: (fresh) => queryPostgres(fresh, 'create table good (id int)') });
    expect(await queryPostgres(url, 'select from good')).toEqual([]);
  });

  it('drops a database that is still in use', async () => {
    const database = await create();
    const pending = queryPostgres(database.url, 'select pg_sleep(30)').catch((error: Error) => error.message);
    await database.drop();
    expect(await pending).toMatch(/terminat|does not exist|connection/i);
  });
});
