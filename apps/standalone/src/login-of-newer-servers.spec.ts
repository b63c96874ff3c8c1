import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ensureRoleSql, ROLES } from '@parley/persistence';

jest.setTimeout(120_000);

/** PGlite is PostgreSQL 18; since 16, whoever makes a role may not act as it. */
describe('a login that may make roles and is no superuser', () => {
  let database: PGlite;

  beforeAll(async () => {
    database = await PGlite.create();
    await database.exec('create role operator login createrole; set session authorization operator');
  });
  afterAll(() => database.close());

  it('may act as every role of the suite once they are made, and making them again changes nothing', async () => {
    for (const role of [...ROLES, ...ROLES]) await database.exec(ensureRoleSql(role));
    for (const role of ROLES) await database.exec(`begin; set local role ${role}; commit`);
    const { rows } = await database.query(
      `select count(*)::int as usable from unnest($1::text[]) as r(name) where pg_has_role(current_user, name, 'usage')`,
      [ROLES],
    );
    expect(rows).toEqual([{ usable: ROLES.length }]);
  });

  it('is not stopped by a role that somebody else has to grant', async () => {
    await database.exec(
      'reset session authorization; create role "a ""strange"" one"; set session authorization operator',
    );
    await expect(database.exec(ensureRoleSql('a "strange" one'))).resolves.toBeDefined();
  });
});
