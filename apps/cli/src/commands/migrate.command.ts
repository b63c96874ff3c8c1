import { Command } from 'commander';
import { action } from '../action.js';
import { databaseUrl, withConnection } from '../database/connection.repository.js';
import { type Terminal } from '../terminal.js';

export const migrateCommand = (terminal: Terminal): Command =>
  new Command('migrate')
    .description('bring the database to the newest schema; running it twice changes nothing')
    .option('--check', 'only say what is missing; exit code 3 when something is')
    .action(
      action(terminal, async ({ terminal: { environment } }, { check }: { check?: boolean }) => {
        const url = databaseUrl(environment);
        const { migrate, pendingMigrations } = await import('@parley/persistence');
        // Says in a sentence what is wrong with the address, which a migration would not.
        await withConnection(url, () => Promise.resolve());
        if (check) {
          const pending = await pendingMigrations(url);
          const text = pending.length === 0 ? 'The database is up to date.' : `Missing:\n  ${pending.join('\n  ')}`;
          return { text, data: { pending }, exitCode: pending.length === 0 ? 0 : 3 };
        }
        const { applied } = await migrate(url);
        const text = applied.length === 0 ? 'The database is up to date.' : `Applied:\n  ${applied.join('\n  ')}`;
        return { text, data: { applied } };
      }),
    );
