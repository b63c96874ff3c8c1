import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { tendStaleTables } from './stale-tables.repository.js';

jest.setTimeout(120_000);

describe('The upkeep of the embedded server', () => {
  let database: PGlite;
  let server: PGLiteSocketServer;
  let url: string;

  beforeAll(async () => {
    database = await PGlite.create();
    server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 4 });
    await server.start();
    url = `postgres://postgres:embedded@${server.getServerConn()}/postgres?sslmode=disable`;
    await database.exec(`
      create table busy (id integer primary key);
      create table quiet (id integer primary key);
      insert into busy select generate_series(1, 2000);
      insert into quiet select generate_series(1, 10)`);
  });
  afterAll(async () => {
    await server.stop();
    await database.close();
  });

  const known = async () => {
    const { rows } = await database.query<{ relname: string; reltuples: number }>(
      `select relname, reltuples::int from pg_class where relname in ('busy', 'quiet') order by 1`,
    );
    return rows.map(({ relname, reltuples }) => [relname, reltuples]);
  };

  it('tells the planner of tables that have changed much, and of no others', async () => {
    expect(await tendStaleTables(url)).toEqual(['public.busy']);
    expect(await known()).toEqual([
      ['busy', 2_000],
      ['quiet', -1],
    ]);
    expect(await tendStaleTables(url)).toEqual([]);
  });

  it('makes place of rows that are gone', async () => {
    const sizeOf = async () => {
      const { rows } = await database.query<{ size: number }>(`select pg_relation_size('busy')::int as size`);
      return rows[0]!.size;
    };
    const full = await sizeOf();
    await database.exec('delete from busy where id > 100');
    await tendStaleTables(url);

    expect(await sizeOf()).toBeLessThan(full / 2);
    expect(await known()).toContainEqual(['busy', 100]);
  });
});
