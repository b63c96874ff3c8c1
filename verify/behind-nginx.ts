import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Verification } from './verification.js';

const SPEC = 'e2e/behind-nginx.spec.ts';
const TIMEOUT_MS = 10 * 60_000;

/** The suite's own spec, as `npm test` runs it, with a line for each of its cases. */
export const behindNginx: Verification = {
  summary: 'streams, resume, stop, kills and a rolling restart of all apps behind a real nginx: no failed request',
  async run(say) {
    const args = ['tools/bootstrap.mjs', 'test', SPEC, '--verbose'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    for (const [, line] of output.matchAll(/^\s+((?:✓|✕|○) .*)$/gm)) say(line!);
    if (code !== 0) throw new Error(output.slice(-4_000));
  },
};
