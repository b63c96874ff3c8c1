import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { DataSource, type QueryRunner } from 'typeorm';
import { lockingStatements } from './fixtures/locking-statements.fixture.js';
import { MIGRATIONS } from './migrations/index.js';

/** Landed migrations that would not do today, with the reason why they may stay. None is added: another way is found. */
const EXCUSED: Record<string, string[]> = {
  'creates roles and grants rights; touches no table': ['Roles1700000000000', 'TenantFigures1700000000650'],
  'older than the first release: there is no installation whose tables are in use while it runs': [
    'IngestionJobs1700000000500',
    'SameContent1700000000510',
    'Orphans1700000000512',
    'FileExpiry1700000000513',
    'KnowledgeBaseExpiry1700000000514',
    'EmbeddingMigrations1700000000530',
    'ClosedAttempts1700000000580',
    'ConversationTree1700000000610',
    'ConversationCare1700000000611',
    'Tools1700000000621',
    'RunStatistics1700000000660',
  ],
};

describeWithServices('The migrations', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({ type: 'postgres', url: database.url, installExtensions: false }).initialize();
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await database?.drop();
  });

  it('hold no lasting lock on a table in use, and leave the version that still runs what it needs', async () => {
    const found: Record<string, string[]> = {};
    for (const Migration of MIGRATIONS) {
      const findings = await lockingStatements(await sentBy(Migration));
      if (findings.length > 0) found[new Migration().name] = findings;
    }
    const excused = Object.values(EXCUSED).flat();
    const unexcused = Object.entries(found).filter(([name]) => !excused.includes(name));
    expect(unexcused).toEqual([]);
    expect(excused.filter((name) => !(name in found))).toEqual([]);
  });

  /** Applies a migration as the runner does. @returns its SQL */
  async function sentBy(Migration: (typeof MIGRATIONS)[number]): Promise<string[]> {
    const sent: string[] = [];
    const runner = dataSource.createQueryRunner();
    const query = (sql: string, parameters?: unknown[]) => {
      sent.push(sql);
      return runner.query(sql, parameters);
    };
    const migration = new Migration();
    const isTransaction = (migration as { transaction?: boolean }).transaction !== false;
    if (isTransaction) await runner.startTransaction();
    await migration.up({ query } as unknown as QueryRunner);
    if (isTransaction) await runner.commitTransaction();
    await runner.release();
    return sent;
  }
});
