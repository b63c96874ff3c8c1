import { Command, InvalidArgumentError } from 'commander';
import { action } from '../action.js';
import { type Connection, databaseUrl, withConnection } from '../database/connection.repository.js';
import { countOld, removeOld, type RetentionRule } from '../database/retention.repository.js';
import { type Terminal } from '../terminal.js';
import { parseDays } from './numbers.js';

/** As long as somebody may have to answer for it. */
const MIN_AUDIT_DAYS = 90;
const DAY_MS = 24 * 3_600_000;

interface Options {
  jobsDays: number;
  conversationsDays?: number;
  usageDays?: number;
  auditDays: number;
  dryRun?: boolean;
}

const HELP = `
The apps themselves remove expired files and knowledge bases, used idempotency keys, sent messages and what belongs to nothing.
This removes what only you can say how long to keep; conversations and usage only when you say so.`;

export const retentionCommand = (terminal: Terminal): Command =>
  new Command('retention')
    .description('remove what is older than it need be kept')
    .option('--jobs-days <days>', 'finished ingestion jobs of versions that were replaced', parseDays, 30)
    .option(
      '--conversations-days <days>',
      'conversations in which nothing was said for so long, with all messages',
      parseDays,
    )
    .option('--usage-days <days>', 'usage records', parseDays)
    .option('--audit-days <days>', 'audit events, 90 days at least', parseAuditDays, 365)
    .option('--dry-run', 'only count')
    .addHelpText('after', HELP)
    .action(
      action(terminal, ({ terminal: { environment }, progress, signal }, options: Options) => {
        const rules = rulesOf(options);
        const handle = async (connection: Connection) => {
          const removed: Partial<Record<RetentionRule, number>> = {};
          for (const [rule, days] of rules) {
            const before = new Date(Date.now() - days * DAY_MS);
            const total = await countOld(connection, rule, before);
            const onStep = (done: number) => progress.update(rule, done, total);
            removed[rule] = options.dryRun ? total : await removeAll(connection, { rule, before }, onStep, signal);
          }
          const verb = options.dryRun ? 'would go' : 'are gone';
          const text = rules
            .map(([rule, days]) => `${removed[rule]} ${rule} older than ${days} days ${verb}.`)
            .join('\n');
          return { text, data: { dryRun: options.dryRun === true, removed } };
        };
        return withConnection(databaseUrl(environment), handle, signal);
      }),
    );

function rulesOf({ jobsDays, conversationsDays, usageDays, auditDays }: Options): [RetentionRule, number][] {
  const rules: [RetentionRule, number | undefined][] = [
    ['jobs', jobsDays],
    ['conversations', conversationsDays],
    ['usage', usageDays],
    ['audit', auditDays],
  ];
  return rules.filter((rule): rule is [RetentionRule, number] => rule[1] !== undefined);
}

function parseAuditDays(text: string): number {
  const days = parseDays(text);
  if (days < MIN_AUDIT_DAYS)
    throw new InvalidArgumentError(`Audit events are kept for ${MIN_AUDIT_DAYS} days at least.`);
  return days;
}

async function removeAll(
  connection: Connection,
  { rule, before }: { rule: RetentionRule; before: Date },
  onStep: (done: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let done = 0;
  for (;;) {
    signal.throwIfAborted();
    const removed = await removeOld(connection, rule, before);
    if (removed === 0) return done;
    onStep((done += removed));
  }
}
