import { describeStartFailure, onStopSignal, reportCrashes } from '@parley/observability';
import { banner } from './banner.js';
import { DataFolder } from './data-folder.js';
import { introduce } from './introduction.js';
import { Suite } from './suite.js';

const STOP_LIMIT_MS = 9_500;

const USAGE = `Usage: npm start
Runs Parley on this machine; see README.md. Settings come from the environment (.env.example), among them
  PORT              where it listens (3001)
  PARLEY_DATA_DIR   where it keeps everything (.parley)
  OPENAI_API_KEY    a language model instead of the built-in provider
  OPENAI_BASE_URL   any OpenAI-compatible server`;

async function main(): Promise<void> {
  if (process.argv.length > 2) {
    const isHelp = ['--help', '-h'].includes(process.argv[2]!);
    (isHelp ? process.stdout : process.stderr).write(`${USAGE}\n`);
    process.exit(isHelp ? 0 : 2);
  }
  const folder = new DataFolder(process.env['PARLEY_DATA_DIR'] || '.parley');
  folder.lock();
  let suite: Suite | undefined;
  const stop = async () => {
    process.stdout.write('\nStopping …\n');
    await suite?.stop();
    folder.unlock();
  };
  onStopSignal({ stop, abandon: () => folder.unlock(), limitMs: STOP_LIMIT_MS });
  try {
    suite = await Suite.start(process.env, folder, folder.secrets());
    reportCrashes('standalone');
    const introduction = await introduce(suite, folder, process.env);
    await suite.listen();
    process.stdout.write(banner(introduction));
  } catch (error) {
    folder.unlock();
    throw error;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`Parley did not start. ${describeStartFailure(error)}\n`);
  process.exit(1);
});
