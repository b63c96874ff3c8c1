import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { projectNode, root } from './paths.mjs';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PARENT_CHECK_MS = 250;
const parentAtStart = process.ppid;

/**
 * Runs a program in the foreground and resolves with its exit code (128 + n when signal n ended it). Our signals are
 * passed on; a child that has not ended `graceMs` after the first one is killed. A Ctrl-C reaches the child twice, from
 * the terminal and from us.
 */
export function runForeground(file, args, { graceMs = 15_000, env = process.env, onMessage } = {}) {
  const child = spawn(file, args, {
    cwd: root,
    env,
    stdio: onMessage ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
  });
  if (onMessage) child.on('message', (message) => onMessage(message, child));
  let killTimer;
  const forward = (signal) => {
    child.kill(signal);
    killTimer ??= setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const parentCheck = setInterval(() => {
    if (!isParentGone()) return;
    clearInterval(parentCheck);
    forward('SIGTERM');
  }, PARENT_CHECK_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  }).finally(() => {
    clearTimeout(killTimer);
    clearInterval(parentCheck);
    for (const signal of FORWARDED) process.off(signal, forward);
  });
}

/** npm passes a SIGTERM to the shell between it and us, which ends without telling us. */
function isParentGone() {
  return process.env.npm_lifecycle_event !== undefined && process.ppid !== parentAtStart;
}

/** Runs a program silently; its output is part of the error when it fails. */
export function runQuietly(file, args, { env = process.env } = {}) {
  const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-100_000)));
  }
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`${file} could not be started: ${error.message}`, { cause: error })),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${output.trim()}\n${file} ${args.join(' ')} ended with ${signal ?? `code ${code}`}`));
    });
  });
}

/** The environment in which the project's own programs come first. */
export const projectEnvironment = {
  ...process.env,
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
};

/** Runs the project's Node in the foreground. */
export function runProjectNode(args, options = {}) {
  return runForeground(projectNode, args, { env: projectEnvironment, ...options });
}
