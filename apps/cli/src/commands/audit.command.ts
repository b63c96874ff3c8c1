import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { action } from '../action.js';
import { CliError } from '../cli-error.js';
import { type AuditChain, changedSince, verifyAudit } from '../database/audit.repository.js';
import { databaseUrl, withConnection } from '../database/connection.repository.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

const HELP = `
Every event has the hash of the one before it: what is changed or taken out of the middle shows. What is taken off the end
shows only against a report from before, so keep one elsewhere:

  parley audit verify --json > audit-$(date +%F).json
  parley audit verify --since audit-2026-01-31.json`;

export const auditCommand = (terminal: Terminal): Command => {
  const audit = new Command('audit').description('the log of who did what that concerns security');
  audit
    .command('verify')
    .description('check that nobody has changed it; exit code 3 when somebody has')
    .option('--since <file>', 'a report of this command with --json: what was there then must be there still')
    .addHelpText('after', HELP)
    .action(
      action(terminal, async ({ terminal: { environment }, signal }, { since }: { since?: string }) => {
        const noted = since === undefined ? [] : await readReport(since);
        const url = databaseUrl(environment);
        const { chains, changed } = await withConnection(
          url,
          async (connection) => ({
            chains: await verifyAudit(connection),
            changed: noted.length > 0 ? await changedSince(connection, noted) : [],
          }),
          signal,
        );
        const faults = [
          ...chains
            .filter(({ brokenAt }) => brokenAt !== null)
            .map(
              ({ tenantId, brokenAt }) => `tenant ${tenantId}: event ${brokenAt} is not what followed the one before`,
            ),
          ...changed.map(
            ({ tenantId, newest }) => `tenant ${tenantId}: event ${newest} of ${since} is gone or another one`,
          ),
        ];
        const total = chains.reduce((sum, { events }) => sum + events, 0);
        const text = [
          `${total} events of ${chains.length} tenants, ${faults.length} faults`,
          ...faults.map((fault) => `  - ${fault}`),
        ];
        return {
          text: text.join('\n'),
          data: { chains, faults },
          exitCode: faults.length > 0 ? EXIT.findings : EXIT.done,
        };
      }),
    );
  return audit;
};

async function readReport(path: string): Promise<AuditChain[]> {
  try {
    const { chains } = JSON.parse(await readFile(path, 'utf8')) as { chains: AuditChain[] };
    if (chains.every(({ tenantId, newest, newestHash }) => tenantId && newest && newestHash)) return chains;
  } catch {
    // Told below.
  }
  throw new CliError(EXIT.usage, `${path} is no report of parley audit verify --json.`);
}
