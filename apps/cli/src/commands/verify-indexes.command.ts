import { expectedIndexes } from '@parley/persistence';
import { Command } from 'commander';
import { action } from '../action.js';
import { type Connection, databaseUrl, withConnection } from '../database/connection.repository.js';
import { listIndexes, spacesWithoutIndex } from '../database/indexes.repository.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

export interface IndexReport {
  total: number;
  /** Made by a migration and not there. */
  missing: string[];
  /** There and not used, because their build was cut short. */
  invalid: string[];
  /** Parts of embedding spaces without an index of their vectors. */
  unindexed: string[];
}

export const verifyIndexesCommand = (terminal: Terminal): Command =>
  new Command('verify-indexes')
    .description('check that every index is there, complete and in use; exit code 3 when one is not')
    .action(
      action(terminal, async ({ terminal: { environment }, signal }) => {
        const report = await withConnection(databaseUrl(environment), indexReport, signal);
        const { missing, invalid, unindexed } = report;
        const faults = [
          ...missing.map(
            (name) => `${name} is missing: the statement that makes it is in libs/persistence/src/migrations`,
          ),
          ...invalid.map((name) => `${name} is invalid: parley reindex --invalid`),
          ...unindexed.map((name) => `${name} has no index of its vectors: searches there compare all of them`),
        ];
        const text = [`${report.total} indexes, ${faults.length} faults`, ...faults.map((fault) => `  - ${fault}`)];
        return { text: text.join('\n'), data: report, exitCode: faults.length > 0 ? EXIT.findings : EXIT.done };
      }),
    );

export async function indexReport(connection: Connection): Promise<IndexReport> {
  const present = await listIndexes(connection);
  const names = new Set(present.map(({ name }) => name));
  const expected = await expectedIndexes();
  return {
    total: present.length,
    missing: expected.filter((name) => !names.has(name)),
    invalid: present.filter(({ isValid }) => !isValid).map(({ name }) => name),
    unindexed: names.size === 0 ? [] : await spacesWithoutIndex(connection),
  };
}
