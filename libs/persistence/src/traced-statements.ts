import { currentSpan, type SpanAttributes, type SpanOptions, traced } from '@parley/observability';
import { type QueryRunner } from 'typeorm';

const OPERATION = /\b(select|insert|update|delete|merge|commit|rollback|savepoint|release|lock|set)\b/i;
/** Tables of embedding spaces have numbers in their names and are not told apart. */
const TABLE = /\b(?:from|into|update|join|select)\s+(?:only\s+)?"?((?:identity|chat|memory)"?\."?[a-z_]+)\b/i;

/** Makes a span of every further statement of this connection until it is released, where its transaction is traced. */
export function traceStatements(runner: QueryRunner, shared: SpanAttributes): void {
  if (!currentSpan()) return;
  const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
  const tracedQuery = (sql: string, ...rest: unknown[]) => traced(...spanOf(sql, shared), () => query(sql, ...rest));
  Object.assign(runner, { query: tracedQuery });
}

/** Of a statement: its values travel beside its text, which is the program's own. */
export function spanOf(sql: string, shared: SpanAttributes): [string, SpanOptions] {
  if (!currentSpan()) return ['', {}];
  const summary = summaryOf(sql);
  return [summary, { kind: 'client', attributes: { ...shared, 'db.query.summary': summary, 'db.query.text': sql } }];
}

/** What kind of statement it is, and the first table or function that it names: few enough for the name of a span. */
export function summaryOf(sql: string): string {
  const operation = (OPERATION.exec(sql)?.[1] ?? 'query').toUpperCase();
  const table = TABLE.exec(sql)?.[1]?.replaceAll('"', '');
  return table === undefined ? operation : `${operation} ${table}`;
}
