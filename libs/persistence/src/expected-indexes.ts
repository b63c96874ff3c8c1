import { type QueryRunner } from 'typeorm';
import { MIGRATIONS } from './migrations/index.js';

const CREATE =
  /create\s+(?:unique\s+)?index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(\w+)\s+on\s+(?:only\s+)?(\w+)\./gi;
const DROP = /drop\s+index\s+(?:concurrently\s+)?(?:if\s+exists\s+)?([\w.,\s]+)/gi;
/** Dropped with a column of theirs, which no statement about indexes tells. */
const GONE_WITH_A_COLUMN = ['chat.conversations_by_history'];

/**
 * The indexes that the migrations make by name, as `schema.name`: what they would send is read, and sent to nobody. Those
 * of constraints, of partitions and of embedding spaces have names that PostgreSQL makes.
 */
export async function expectedIndexes(): Promise<string[]> {
  const names = new Set<string>();
  const reader = { query: (sql: string) => Promise.resolve(read(sql, names)) } as unknown as QueryRunner;
  // A migration that asks the database first goes no further here; no index is made behind such a question.
  for (const Migration of MIGRATIONS) await new Migration().up(reader).catch(() => undefined);
  return [...names].filter((name) => !GONE_WITH_A_COLUMN.includes(name)).sort();
}

function read(sql: string, names: Set<string>): [] {
  for (const [, name, schema] of sql.matchAll(CREATE)) names.add(`${schema}.${name}`);
  const dropped = [...sql.matchAll(DROP)].flatMap(([, list]) => list!.split(','));
  for (const name of dropped) names.delete(name.trim());
  return [];
}
