import './register-sources.mjs';
import { availableParallelism } from 'node:os';
import { ensureBuilt } from './build.mjs';
import { projectEnvironment, runProjectNode } from './child.mjs';
import { Tally } from './tally.mjs';
import { parseTestArguments } from './test-arguments.mjs';

const { provisionServices, discardOwned } = await import('../libs/testing/src/services/provision.ts');
const { discardOrphans } = await import('../libs/testing/src/services/instance-registry.ts');
const { identify } = await import('../libs/testing/src/services/process-identity.ts');

const EXIT_LIMIT_MS = 30_000;
const owner = identify(process.pid);
const tally = new Tally();
let stopSignal = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (stopSignal ??= signal));

const log = (line) => process.stderr.write(`${line}\n`);
const secondsSince = (startedAt) => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;

/** Real services and the built applications, side by side: one waits for servers, the other computes. */
async function prepare() {
  const startedAt = Date.now();
  log('Starting PostgreSQL, RabbitMQ and Redis for the tests');
  // Both are awaited even when one fails: servers that are still starting could not be removed.
  const [services, build] = await Promise.allSettled([provisionServices({ owner, log }), ensureBuilt()]);
  for (const { reason } of [services, build]) if (reason) throw reason;
  const { summary, variables } = services.value;
  log(`${summary}: ready after ${secondsSince(startedAt)}`);
  return variables;
}

function giveUpOn(jest) {
  if (jest.exitCode !== null || jest.signalCode !== null) return;
  log(`Jest did not end within ${EXIT_LIMIT_MS / 1000} s of its last test: a spec has left something open`);
  jest.kill('SIGKILL');
}

async function runJest(jestArguments, variables) {
  const reporters = ['--reporters=default', '--reporters=<rootDir>/tools/jest-tally-reporter.mjs'];
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  return runProjectNode([...node, 'node_modules/jest/bin/jest.js', ...reporters, ...jestArguments], {
    env: { ...projectEnvironment, ...variables },
    onMessage: ({ counts, isComplete }, jest) => {
      if (counts) tally.add(counts);
      if (isComplete) setTimeout(() => giveUpOn(jest), EXIT_LIMIT_MS).unref();
    },
  });
}

async function run() {
  const { isUnitOnly, jestArguments } = parseTestArguments(process.argv.slice(2), availableParallelism());
  const variables = isUnitOnly ? {} : await prepare();
  return stopSignal ? 1 : runJest(jestArguments, variables);
}

let exitCode = 1;
try {
  exitCode = await run();
} catch (error) {
  log(`\n${error.message}`);
}
try {
  await discardOwned(owner);
  await discardOrphans();
} catch (error) {
  log(`Test services could not be removed: ${error.message}`);
  exitCode ||= 1;
}
tally.conclude(exitCode);
process.exitCode = tally.isGreen ? 0 : exitCode || 1;
console.log(String(tally));
