import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './migrations/index.js';

describeWithServices('migrate', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  it('applies every migration once, also when two runs start at the same moment', async () => {
    const reports = await Promise.all([migrate(database.url), migrate(database.url)]);
    const applied = reports.flatMap((report) => report.applied);
    expect(applied).toEqual(MIGRATIONS.map((migration) => new migration().name));
    expect(await migrate(database.url)).toEqual({ applied: [] });
  });
});
