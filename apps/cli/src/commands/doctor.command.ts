import { type Environment } from '@parley/config';
import { Command } from 'commander';
import { action } from '../action.js';
import { databaseUrl } from '../database/connection.repository.js';
import { type CheckedFinding, runChecks } from '../doctor/check.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

const MARKS = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ', skipped: 'skipped' };

export const doctorCommand = (terminal: Terminal): Command =>
  new Command('doctor')
    .description(
      'look at everything that Parley stands on, and say what to do about it; exit code 3 when something failed',
    )
    .option('--url <url>', 'of the API, instead of PARLEY_URL')
    .action(
      action(terminal, async ({ terminal: { environment }, progress }, { url }: { url?: string }) => {
        const { databaseChecks } = await import('../doctor/database-checks.js');
        const { serviceChecks } = await import('../doctor/service-checks.js');
        const checks = [
          ...serviceChecks(environment, url ?? environment['PARLEY_URL'] ?? null),
          ...databaseChecks(namedDatabase(environment)),
        ];
        const findings = await runChecks(checks, (index) => progress.update(checks[index]!.name, index, checks.length));
        const hasFailed = findings.some(({ status }) => status === 'failed');
        return {
          text: findings.map(line).join('\n'),
          data: { healthy: !hasFailed, findings },
          exitCode: hasFailed ? EXIT.findings : EXIT.done,
        };
      }),
    );

/** Null when none is named; a wrong one is what the checks are for. */
function namedDatabase(environment: Environment): string | null {
  const names = ['DATABASE_URL', 'POSTGRES_URL', 'DATABASE_URL_FILE'];
  return names.some((name) => environment[name]) ? databaseUrl(environment) : null;
}

function line({ name, status, detail, remedy }: CheckedFinding): string {
  const isBad = status === 'failed' || status === 'warning';
  return `${MARKS[status]}  ${name.padEnd(12)}  ${detail}${isBad && remedy ? `\n${' '.repeat(23)}${remedy}` : ''}`;
}
