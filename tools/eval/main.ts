import { parseEvalArguments, USAGE, UsageError } from './arguments.js';
import { SetError } from './judged-set.js';
import { Progress } from './progress.js';

const progress = new Progress();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopping.abort(new Error(signal)));

async function main(): Promise<number> {
  const options = parseEvalArguments(process.argv.slice(2), process.env);
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  // Help needs nothing that has to be built first.
  const { runEvaluations } = await import('./run-evaluations.js');
  return runEvaluations(options, progress, stopping.signal);
}

try {
  process.exitCode = await main();
} catch (error) {
  const isAtFault = error instanceof UsageError || error instanceof SetError;
  progress.say(stopping.signal.aborted ? 'Stopped.' : (error as Error).message);
  if (error instanceof UsageError) progress.say('npm run eval -- --help tells how it is used.');
  process.exitCode = isAtFault ? 2 : 1;
}
