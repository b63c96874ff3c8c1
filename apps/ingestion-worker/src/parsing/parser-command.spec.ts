import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@parley/testing';
import { DEFAULT_PARSE_LIMITS } from './parsed-document.js';
import { parserCommand } from './parser-command.js';

const PROBE = `
import { readFileSync, writeFileSync } from 'node:fs';
import { execSync } from 'node:child_process';
const attempts = {
  read: () => readFileSync('/bin/sh'),
  parent: () => readFileSync('/proc/' + process.ppid + '/environ'),
  write: () => writeFileSync(process.argv[2], 'x'),
  start: () => execSync('true'),
  eval: () => new Function('return 1')(),
};
const allowed = Object.keys(attempts).filter((name) => { try { attempts[name](); return true; } catch { return false; } });
console.log(JSON.stringify({ allowed, environment: Object.keys(process.env) }));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-probe-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The command line of a parser, but for its program, which is the probe. */
function probeCommand(source: string): { command: string; args: string[] } {
  const probe = join(folder, 'probe.mjs');
  writeFileSync(probe, source);
  const { command, args } = parserCommand({ ...DEFAULT_PARSE_LIMITS, maxMemoryMb: 128 }, join(folder, 'written'));
  const entry = args.findIndex((arg) => /parser-process\.[jt]s$/.test(arg));
  const probed = [...args.slice(0, entry), probe, ...args.slice(entry + 1)];
  const readable = probed.findIndex((arg) => arg === '--permission');
  probed.splice(readable + 1, 0, `--allow-fs-read=${folder}`);
  return { command, args: probed };
}

function runProbe(source: string): ReturnType<typeof spawnSync> {
  const { command, args } = probeCommand(source);
  return spawnSync(command, args, { cwd: '/', env: {}, encoding: 'utf8' });
}

/** A process that nobody waits for stays in the list for a while after its end. */
function isRunning(pid: number): boolean {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return stat !== '' && !/\) [ZX] /.test(stat);
}

describe('the parser process', () => {
  it('reads no other file, writes none, starts nothing and knows no secrets', () => {
    const { stdout } = runProbe(PROBE);
    const { allowed, environment } = JSON.parse(String(stdout)) as { allowed: string[]; environment: string[] };
    expect(allowed).toEqual([]);
    expect(environment.filter((name) => name !== 'PWD' && name !== '__CF_USER_TEXT_ENCODING')).toEqual([]);
  });

  it('cannot hold more memory than it may on the heap, nor in buffers where the kernel limits them', () => {
    const buffers = runProbe(
      'const all = []; for (let i = 0; i < 100; i++) all.push(Buffer.alloc(10_000_000, 1)); console.log("held");',
    );
    if (process.platform === 'linux') expect(String(buffers.stdout)).not.toContain('held');
    const heap = runProbe(
      'const all = []; for (let i = 0; i < 5e7; i++) all.push({ i }); console.log("held", all.length);',
    );
    expect(String(heap.stdout)).not.toContain('held');
  });

  it('ends with a worker that is killed, also in the middle of a computation', async () => {
    if (spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status !== 0)
      return console.warn('skipped: this system cannot end a process with its parent');
    const probe = probeCommand('console.log(process.pid); for (;;);');
    const options = { cwd: '/', env: {}, detached: true, stdio: ['ignore', 1, 'ignore'] };
    const start = [probe.command, probe.args, options].map((part) => JSON.stringify(part)).join();
    const script = `require('node:child_process').spawn(${start}); setInterval(() => {}, 1000);`;
    const worker = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(worker.stdout, 'data')) as [Buffer];
    const parser = Number(String(line));
    expect(isRunning(parser)).toBe(true);
    worker.kill('SIGKILL');
    await eventually(() => expect(isRunning(parser)).toBe(false));
  });
});
