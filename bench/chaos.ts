import { faultsOf } from '../e2e/support/chaos/chaos-verdict.js';
import { type ChaosReport, runChaos, type Victim } from '../e2e/support/chaos/chaos-run.js';
import { integerOption, readOptions } from './options.js';

export const HELP = `npm run bench -- chaos [options]

Ingests the same documents twice on servers of its own, once in peace and once while a worker, memory, the broker and
PostgreSQL are killed with -9 in turn and started again, and compares what is there at the end. Ends with exit code 1
when a document is lost, is there twice or differs, or anything is left behind.

  --documents <n>   how many (default 200)
  --workers <n>     ingestion workers (default 2)
  --rounds <n>      how often each of the four is killed (default 5)
  --minutes <n>     when to give up (default 20)`;

export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, ['documents', 'workers', 'rounds', 'minutes']);
  const startedAt = performance.now();
  const report = await runChaos({
    documents: integerOption(options, 'documents', 200),
    workers: integerOption(options, 'workers', 2),
    rounds: integerOption(options, 'rounds', 5),
    timeoutMs: integerOption(options, 'minutes', 20) * 30_000,
    log: (line) => console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${line}`),
  });
  print(report);
  const faults = faultsOf(report);
  for (const fault of faults) console.log(`FAULT  ${fault}`);
  console.log(faults.length === 0 ? 'nothing lost, nothing twice, nothing left behind' : `${faults.length} faults`);
  if (faults.length > 0) {
    console.error(report.logs);
    process.exitCode = 1;
  }
}

function print({ kills, undisturbed, disturbed, leftovers }: ChaosReport): void {
  const victims: Victim[] = ['worker', 'memory', 'broker', 'postgres'];
  console.log(
    `\nkilled: ${victims.map((name) => `${name} ${kills.filter(({ victim }) => victim === name).length} times`).join(', ')}`,
  );
  console.log(`${''.padEnd(26)}${'in peace'.padStart(14)}${'under fire'.padStart(14)}`);
  const row = (name: string, before: string | number, after: string | number) =>
    console.log(`${name.padEnd(26)}${String(before).padStart(14)}${String(after).padStart(14)}`);
  const sides = [undisturbed, disturbed] as const;
  const count = (status: string) =>
    sides.map(({ outcomes }) => outcomes.filter((outcome) => outcome.status === status).length) as [number, number];
  row('documents completed', ...count('completed'));
  row('documents failed', ...count('failed'));
  row(
    'most attempts at one',
    ...(sides.map(({ outcomes }) => Math.max(...outcomes.map(({ attempt }) => attempt))) as [number, number]),
  );
  for (const [name, value] of Object.entries(undisturbed.statistics))
    row(
      name,
      String(value).slice(0, 12),
      String(disturbed.statistics[name as keyof typeof disturbed.statistics]).slice(0, 12),
    );
  row('seconds', undisturbed.seconds.toFixed(1), disturbed.seconds.toFixed(1));
  for (const [name, value] of Object.entries(leftovers)) row(name, '', Array.isArray(value) ? value.length : value);
}
