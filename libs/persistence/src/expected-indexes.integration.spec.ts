import { expect, it } from '@jest/globals';
import { createTestDatabase, describeWithServices } from '@parley/testing';
import { DataSource } from 'typeorm';
import { expectedIndexes } from './expected-indexes.js';
import { migrate } from './migrate.js';

describeWithServices('expected indexes', () => {
  it('are those that a migrated database has,', async () => {
    const database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    const dataSource = new DataSource({ type: 'postgres', url: database.url, installExtensions: false });
    try {
      await dataSource.initialize();
      const rows = await dataSource.query<{ name: string }[]>(
        `select n.nspname || '.' || i.relname as name from pg_class i join pg_namespace n on n.oid = i.relnamespace
         where i.relkind in ('i', 'I') and n.nspname in ('identity', 'chat', 'memory') and not i.relispartition
           and not exists (select from pg_constraint c where c.conindid = i.oid)`,
      );
      const expected = await expectedIndexes();
      const present = new Set(rows.map(({ name }) => name));
      expect(expected.filter((name) => !present.has(name))).toEqual([]);
      expect(expected).toContain('memory.chunks_by_term');
    } finally {
      await dataSource.destroy();
      await database.drop();
    }
  });
});
