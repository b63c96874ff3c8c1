import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';

export interface DetachedCommand {
  file: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Receives stdout and stderr. */
  logFile: string;
  uid?: number;
  gid?: number;
}

/** Starts a process in a session of its own, so that neither Ctrl-C nor the end of this process reaches it. */
export async function startDetached(command: DetachedCommand): Promise<ProcessIdentity> {
  const { file, args, logFile, ...options } = command;
  const log = openSync(logFile, 'a');
  try {
    const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log, log] });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return identify(child.pid!);
  } finally {
    closeSync(log);
  }
}

/** Signals the process, kills it after the grace, then kills what is left of its process group. */
export async function endProcessGroup(
  leader: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs = 15_000,
): Promise<void> {
  if (!isAlive(leader)) return;
  send(leader.pid, signal);
  await isGone(leader, graceMs);
  send(-leader.pid, 'SIGKILL');
  if (!(await isGone(leader, 5_000))) throw new Error(`process ${leader.pid} survived SIGKILL`);
}

/** Nobody left to receive it is what we want to reach. */
function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isGone(process: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(process)) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}
