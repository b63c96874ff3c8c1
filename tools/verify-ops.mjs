import './register-sources.mjs';
import { ensureBuilt } from './build.mjs';
import { projectEnvironment, runProjectNode } from './child.mjs';

const { provisionServices, discardOwned } = await import('../libs/testing/src/services/provision.ts');
const { identify } = await import('../libs/testing/src/services/process-identity.ts');

const owner = identify(process.pid);
const options = process.argv.slice(2);
const needsServices = !options.some((option) => option.startsWith('-'));
let stopSignal = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (stopSignal ??= signal));

async function run() {
  const log = (line) => process.stderr.write(`${line}\n`);
  const [services] = needsServices ? await Promise.all([provisionServices({ owner, log }), ensureBuilt()]) : [];
  if (services) log(services.summary);
  if (stopSignal) return 1;
  return runProjectNode(['--import', './tools/register-sources.mjs', 'verify/main.ts', ...options], {
    env: { ...projectEnvironment, ...services?.variables },
  });
}

try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exitCode = 1;
} finally {
  await discardOwned(owner);
}
