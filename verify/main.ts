import { behindNginx } from './behind-nginx.js';
import { dashboards } from './dashboards.js';
import { images } from './images.js';
import { restore } from './restore.js';
import { rollback } from './rollback.js';
import { rollout } from './rollout.js';
import { type Verification } from './verification.js';

/** Each in a file of its own; a new one is listed here. */
const VERIFICATIONS: Record<string, Verification> = {
  dashboards,
  images,
  nginx: behindNginx,
  restore,
  rollout,
  rollback,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(VERIFICATIONS, name));
if (names.includes('--help') || names.includes('-h') || unknown.length > 0) {
  const list = Object.entries(VERIFICATIONS).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  const print = names.some((name) => name.startsWith('-')) ? console.log : console.error;
  print(
    `Usage: npm run verify:ops [-- <name> …]\nOn real services, all of these or those that are named:\n${list.join('\n')}`,
  );
  process.exit(names.includes('--help') || names.includes('-h') ? 0 : 2);
}

for (const name of names.length > 0 ? names : Object.keys(VERIFICATIONS)) {
  try {
    await VERIFICATIONS[name]!.run((line) => console.log(`${name}: ${line}`));
    console.log(`${name}: ok`);
  } catch (error) {
    console.error(`${name}: FAILED: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
