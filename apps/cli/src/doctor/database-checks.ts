import { pendingMigrations } from '@parley/persistence';
import { indexReport } from '../commands/verify-indexes.command.js';
import { withConnection } from '../database/connection.repository.js';
import { readServerState, type ServerState } from '../database/server-state.repository.js';
import { type Check, type Finding } from './check.js';

const MIN_POSTGRES = 15;
const MIN_PGVECTOR = [0, 8];
const BUSY_SHARE = 0.8;
const OLD_OUTBOX_SECONDS = 60;

/** @param url null when the settings name none */
export function databaseChecks(url: string | null): Check[] {
  const onServer = (name: string, judge: (state: ServerState) => Finding): Check => ({
    name,
    run: async () => (url === null ? SKIPPED : judge(await withConnection(url, readServerState))),
  });
  return [
    onServer('PostgreSQL', versionFinding),
    onServer('pgvector', vectorFinding),
    onServer('roles', ({ missingRoles }) =>
      missingRoles.length === 0
        ? { status: 'ok', detail: 'the login may act as every app' }
        : {
            status: 'failed',
            detail: `not a member of ${missingRoles.join(', ')}`,
            remedy: 'parley migrate, as an owner',
          },
    ),
    onServer('connections', ({ connections, maxConnections }) => ({
      status: connections > maxConnections * BUSY_SHARE ? 'warning' : 'ok',
      detail: `${connections} of ${maxConnections} in use`,
      remedy: 'Lower DATABASE_POOL_SIZE or the number of replicas, or raise max_connections.',
    })),
    onServer('outbox', ({ outboxSeconds }) =>
      outboxSeconds !== null && outboxSeconds > OLD_OUTBOX_SECONDS
        ? {
            status: 'warning',
            detail: `the oldest message has waited for ${Math.round(outboxSeconds)} s`,
            remedy: 'docs/runbooks/ParleyOutboxDelayed.md',
          }
        : { status: 'ok', detail: 'nothing waits for long' },
    ),
    onServer('dead letters', ({ deadLetters }) => ({
      status: deadLetters ? 'warning' : 'ok',
      detail: deadLetters === null ? 'no database yet' : `${deadLetters}`,
      remedy: 'parley dead-letters list',
    })),
    { name: 'migrations', run: async () => (url === null ? SKIPPED : migrationFinding(await pendingMigrations(url))) },
    { name: 'indexes', run: async () => (url === null ? SKIPPED : indexFinding(url)) },
  ];
}

const SKIPPED: Finding = { status: 'skipped', detail: 'DATABASE_URL is not set' };

function versionFinding({ version }: ServerState): Finding {
  return Number.parseInt(version, 10) >= MIN_POSTGRES
    ? { status: 'ok', detail: version }
    : { status: 'failed', detail: version, remedy: `Parley needs PostgreSQL ${MIN_POSTGRES} or later.` };
}

function vectorFinding({ pgvector }: ServerState): Finding {
  if (pgvector === null)
    return { status: 'failed', detail: 'not installed in this database', remedy: 'parley migrate' };
  const [major, minor] = pgvector.split('.').map(Number) as [number, number];
  const isRecent = major > MIN_PGVECTOR[0]! || (major === MIN_PGVECTOR[0] && minor >= MIN_PGVECTOR[1]!);
  return isRecent
    ? { status: 'ok', detail: pgvector }
    : { status: 'failed', detail: pgvector, remedy: 'alter extension vector update, to 0.8 or later' };
}

function migrationFinding(pending: string[]): Finding {
  return pending.length === 0
    ? { status: 'ok', detail: 'up to date' }
    : { status: 'failed', detail: `${pending.length} are missing`, remedy: 'parley migrate' };
}

async function indexFinding(url: string): Promise<Finding> {
  const { total, missing, invalid, unindexed } = await withConnection(url, indexReport);
  const faults = missing.length + invalid.length + unindexed.length;
  return faults === 0
    ? { status: 'ok', detail: `${total} are complete` }
    : { status: 'failed', detail: `${faults} are missing or not used`, remedy: 'parley verify-indexes' };
}
