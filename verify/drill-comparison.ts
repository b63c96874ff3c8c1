import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { queryPostgres } from '@parley/testing';
import { type Acknowledged } from './drill-load.js';

export interface Verdict {
  /** Acknowledged before the moment and not there, or with another content: must be 0. */
  lost: number;
  /** Acknowledged before the moment. */
  expected: number;
  /** Begun after the moment and there all the same: must be 0. */
  fromLater: number;
}

/** Compares what a restored place has with what was acknowledged before and begun after a moment. */
export async function judge(
  place: { url: string; uploads: string },
  acknowledged: readonly Acknowledged[],
  moment: Date,
): Promise<Verdict> {
  const files = await queryPostgres<{ filename: string; sha256: string; blob_key: string }>(
    place.url,
    'select filename, sha256, blob_key from memory.files',
  );
  const questions = await queryPostgres<{ marker: string }>(
    place.url,
    `select distinct substring(m::text from 'drill-[0-9]+') as marker from chat.messages m where m::text ~ 'drill-[0-9]+'`,
  );
  const hashes = new Map<string, string>();
  for (const { filename, sha256, blob_key: key } of files) {
    const content = await readFile(join(place.uploads, key)).catch(() => Buffer.alloc(0));
    const isUnharmed = createHash('sha256').update(content).digest('hex') === sha256;
    hashes.set(filename.replace('.txt', ''), isUnharmed ? sha256 : 'damaged');
  }
  const asked = new Set(questions.map(({ marker }) => marker));
  const isThere = ({ kind, marker, sha256 }: Acknowledged) =>
    kind === 'file' ? hashes.get(marker) === sha256 : asked.has(marker);
  const before = acknowledged.filter(({ acknowledgedAt }) => acknowledgedAt < moment.getTime());
  const after = acknowledged.filter(({ begunAt }) => begunAt > moment.getTime());
  return {
    expected: before.length,
    lost: before.filter((each) => !isThere(each)).length,
    fromLater: after.filter((each) => isThere(each)).length,
  };
}

/** Rows and a hash of all content of every table, whatever their order. */
export async function fingerprint(url: string): Promise<Map<string, string>> {
  const tables = await queryPostgres<{ name: string }>(
    url,
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('identity', 'chat', 'memory') order by 1`,
  );
  const prints = new Map<string, string>();
  for (const { name } of tables) {
    const [row] = await queryPostgres<{ print: string }>(
      url,
      `select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as print from ${name} t`,
    );
    prints.set(name, row!.print);
  }
  return prints;
}

/** Tables that are not the same. */
export function differences(left: Map<string, string>, right: Map<string, string>): string[] {
  return [...new Set([...left.keys(), ...right.keys()])].filter((table) => left.get(table) !== right.get(table));
}
