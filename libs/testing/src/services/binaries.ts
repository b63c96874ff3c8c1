import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from './command.js';
import { isAtLeast, MINIMUM_VERSIONS } from './versions.js';

/** Where the servers' programs are on this machine. */
export interface Binaries {
  /** Folder of `initdb`, `postgres` and `pg_config`. */
  postgresFolder: string;
  /** Folder of the plain `rabbitmq-server` script; the one Debian puts into the PATH insists on an account of its own. */
  rabbitMqFolder: string;
  epmd: string;
  redisServer: string;
}

/** Programs that are not installed are null. */
export type FoundBinaries = { [name in keyof Binaries]: string | null };

/** Looks for the programs; of several Postgres the newest is taken, those with pgvector first. */
export async function findBinaries(): Promise<FoundBinaries> {
  const rabbitMqServer = existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server')
    ? '/usr/lib/rabbitmq/bin/rabbitmq-server'
    : findInPath('rabbitmq-server');
  return {
    postgresFolder: await findPostgresFolder(),
    rabbitMqFolder: rabbitMqServer && dirname(rabbitMqServer),
    epmd: findInPath('epmd'),
    redisServer: findInPath('redis-server'),
  };
}

/** Major version of the Postgres in a folder of binaries. */
export async function postgresMajor(folder: string): Promise<number> {
  const version = await runCommand(join(folder, 'pg_config'), ['--version']);
  return Number(/\d+/.exec(version)?.[0] ?? 0);
}

/** The version of pgvector installed for the Postgres in a folder of binaries, null without one. */
export async function pgvectorVersion(folder: string): Promise<string | null> {
  const sharedFolder = (await runCommand(join(folder, 'pg_config'), ['--sharedir'])).trim();
  const control = await readFile(join(sharedFolder, 'extension', 'vector.control'), 'utf8').catch(() => '');
  return /default_version\s*=\s*'([^']+)'/.exec(control)?.[1] ?? null;
}

async function findPostgresFolder(): Promise<string | null> {
  const debian = '/usr/lib/postgresql';
  const majors = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const inPath = findInPath('postgres');
  const candidates = [...majors.map((major) => join(debian, major, 'bin')), ...(inPath ? [dirname(inPath)] : [])];
  const usable: string[] = [];
  for (const folder of candidates) {
    if (!['initdb', 'postgres', 'pg_config'].every((name) => existsSync(join(folder, name)))) continue;
    if (!isAtLeast(String(await postgresMajor(folder)), MINIMUM_VERSIONS.postgres)) continue;
    if (await pgvectorVersion(folder)) return folder;
    usable.push(folder);
  }
  return usable[0] ?? null;
}

/** Absolute path of a program, also from the folders a normal account's PATH leaves out. */
export function findInPath(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
