import { ensureBuilt } from './build.mjs';
import { projectEnvironment, runProjectNode } from './child.mjs';

const options = process.argv.slice(2);
const needsBuild = !options.includes('--help') && !options.includes('-h');

try {
  if (needsBuild) await ensureBuilt();
  process.exitCode = await runProjectNode(
    ['--import', './tools/register-sources.mjs', 'tools/eval/main.ts', ...options],
    {
      env: projectEnvironment,
      graceMs: 40_000,
    },
  );
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exitCode = 1;
}
