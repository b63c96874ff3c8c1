import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { migrate } from '@parley/persistence';
import { createTestDatabase, eventually, queryPostgres, startProviderStub } from '@parley/testing';
import { startRealSuite } from '../e2e/support/suite.js';
import { ArchivedPostgres } from './archived-postgres.js';
import { differences, fingerprint, judge } from './drill-comparison.js';
import { DrillLoad } from './drill-load.js';
import { type Verification } from './verification.js';

const OPERATIONS = 240;
const CLI = resolve(import.meta.dirname, '../apps/cli/dist/main.js');
const CLI_TIMEOUT_MS = 300_000;
const run = promisify(execFile);
type Say = (line: string) => void;

interface Report {
  manifest: { id: string; takenAt: string; postgres: { dump: { bytes: number } }; blobs: { count: number } };
  copied: { count: number };
}

interface Disaster {
  production: ArchivedPostgres;
  load: DrillLoad;
  target: string;
  folder: string;
  underLoad: Report;
  whenQuiet: Report;
  /** In the middle of the load. */
  midLoad: Date;
  /** After the load, and before somebody deleted everything by mistake. */
  beforeMistake: Date;
  /** Of every table, then. */
  state: Map<string, string>;
}

/** Backs up under load, destroys, and restores: elsewhere from backups, and to two moments from the archived log. */
export const restore: Verification = {
  summary: 'a backup under load and an archived log bring everything back, elsewhere and to a point in time',
  async run(say) {
    const folder = await mkdtemp(join(tmpdir(), 'parley-drill-'));
    const production = await ArchivedPostgres.create();
    try {
      const disaster = await untilDestroyed(production, folder, say);
      await restoreBackups(disaster, say);
      await recoverTo(disaster, { moment: disaster.midLoad, name: 'in the middle of the load' }, say);
      await recoverTo(disaster, { moment: disaster.beforeMistake, name: 'just before the mistake' }, say);
    } finally {
      await production.remove();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function untilDestroyed(production: ArchivedPostgres, folder: string, say: Say): Promise<Disaster> {
  await production.start();
  await production.ready();
  await production.createDatabase();
  await migrate(production.url);
  const provider = await startProviderStub();
  const place = { DATABASE_URL: production.url, UPLOAD_DIR: join(folder, 'production') };
  const suite = await startRealSuite({
    ...place,
    ...{ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' },
    RATE_LIMIT_REQUESTS_PER_MINUTE: '0',
  });
  const target = join(folder, 'backups');
  const load = new DrillLoad(suite, OPERATIONS);
  let underLoad: Report;
  let midLoad: Date;
  try {
    await production.baseBackup();
    const loading = load.run();
    const meanwhile = async () => {
      await until(() => load.share > 0.25);
      underLoad = await parley<Report>(['backup', target], place, say);
      if (load.share >= 1) throw new Error('the load had ended before the backup: raise OPERATIONS');
      await until(() => load.share > 0.75);
      midLoad = new Date();
    };
    await Promise.all([loading, meanwhile()]);
  } finally {
    await suite.stop();
    await provider.close();
  }
  say(
    `${load.acknowledged.length} uploads and questions acknowledged; the backup under load has ${underLoad!.manifest.blobs.count} originals`,
  );
  const state = await fingerprint(production.url);
  const whenQuiet = await parley<Report>(['backup', target], place, say);
  say(`the second backup copied only the ${whenQuiet.copied.count} new originals`);
  const beforeMistake = new Date();
  await queryPostgres(production.url, 'truncate memory.files, chat.conversations cascade');
  await production.archiveAll();
  await production.destroy();
  await rm(place.UPLOAD_DIR, { recursive: true });
  say('everything was deleted by mistake; then the database and the store were destroyed');
  return {
    production,
    load,
    target,
    folder,
    underLoad: underLoad!,
    whenQuiet,
    midLoad: midLoad!,
    beforeMistake,
    state,
  };
}

/** To a server and a store that are new: what the moment of each backup had, to the last byte. */
async function restoreBackups(
  { load, target, folder, underLoad, whenQuiet, state }: Disaster,
  say: Say,
): Promise<void> {
  for (const { manifest } of [underLoad, whenQuiet]) {
    const database = await createTestDatabase();
    const uploads = join(folder, manifest.id);
    try {
      const place = { DATABASE_URL: database.url, UPLOAD_DIR: uploads };
      const { differences: rows } = await parley<{ differences: object[] }>(
        ['restore', target, '--id', manifest.id],
        place,
        say,
      );
      if (rows.length > 0) throw new Error(`rows differ from the manifest: ${JSON.stringify(rows)}`);
      const verdict = await judge({ url: database.url, uploads }, load.acknowledged, new Date(manifest.takenAt));
      tell(`restored elsewhere from ${manifest.id}`, verdict, say);
      if (manifest === whenQuiet.manifest) assertSame(state, await fingerprint(database.url), say);
    } finally {
      await database.drop();
    }
  }
}

async function recoverTo(
  { production, load, target, folder, beforeMistake, state }: Disaster,
  { moment, name }: { moment: Date; name: string },
  say: Say,
): Promise<void> {
  const startedAt = Date.now();
  const server = await production.recover(moment, `recovered-${moment.getTime()}`);
  try {
    say(`${name}: recovered to ${moment.toISOString()} in ${seconds(startedAt)}`);
    const uploads = join(folder, `recovered-${moment.getTime()}`);
    const place = { DATABASE_URL: server.url, UPLOAD_DIR: uploads };
    const { missing } = await parley<{ missing: string[] }>(['restore', target, '--originals-only'], place, say);
    if (missing.length > 0) throw new Error(`${missing.length} originals are in no backup`);
    tell(name, await judge({ url: server.url, uploads }, load.acknowledged, moment), say);
    if (moment === beforeMistake) assertSame(state, await fingerprint(server.url), say);
  } finally {
    await server.stop();
  }
}

function tell(what: string, { expected, lost, fromLater }: Awaited<ReturnType<typeof judge>>, say: Say): void {
  say(`${what}: of ${expected} acknowledged before, ${lost} are lost; of those begun after, ${fromLater} are there`);
  if (lost > 0 || fromLater > 0 || expected === 0) throw new Error(`${what}: it is not what the moment had`);
}

function assertSame(expected: Map<string, string>, found: Map<string, string>, say: Say): void {
  const different = differences(expected, found);
  say(
    `${expected.size - different.length} of ${expected.size} tables have the same rows and the same hash of all content`,
  );
  if (different.length > 0) throw new Error(`different: ${different.join(', ')}`);
}

/** The command line as an operator runs it. */
async function parley<T>(args: string[], environment: Record<string, string>, say: Say): Promise<T> {
  const startedAt = Date.now();
  const options = { env: { ...process.env, ...environment }, timeout: CLI_TIMEOUT_MS, maxBuffer: 16 << 20 };
  const { stdout } = await run(process.execPath, [CLI, ...args, '--json'], options).catch((error: unknown) => {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`parley ${args[0]}: ${stderr || message}`, { cause: error });
  });
  say(`parley ${args[0]}${args.at(-1)!.startsWith('--') ? ` ${args.at(-1)}` : ''} took ${seconds(startedAt)}`);
  return JSON.parse(stdout) as T;
}

const seconds = (startedAt: number) => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;

function until(isSo: () => boolean): Promise<void> {
  return eventually(
    () => {
      if (!isSo()) throw new Error('not yet');
    },
    { timeoutMs: 300_000, intervalMs: 10 },
  );
}
