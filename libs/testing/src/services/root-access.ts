import { commandSucceeds, runCommand } from './command.js';

/** Runs a command as root and returns its stdout. */
export type AsRoot = (file: string, args: string[], timeoutMs?: number) => Promise<string>;

/** Directly when this process is root, through sudo when that asks for no password, else null. */
export async function findRootAccess(): Promise<AsRoot | null> {
  if (process.getuid?.() === 0) return (file, args, timeoutMs) => runCommand(file, args, { timeoutMs });
  if (!(await commandSucceeds('sudo', ['-n', 'true'], { timeoutMs: 10_000 }))) return null;
  return (file, args, timeoutMs) => runCommand('sudo', ['-n', file, ...args], { timeoutMs });
}
