import { existsSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid: the start mark is the kernel's (null without /proc). */
export interface ProcessIdentity {
  pid: number;
  startMark: string | null;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startMark: readStartMark(pid) };
}

export function isAlive(process: ProcessIdentity): boolean {
  return signalReaches(process.pid) && readStartMark(process.pid) === process.startMark;
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat; a zombie counts as gone. */
function readStartMark(pid: number): string | null {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return null;
  try {
    const fields = readFileSync(path, 'utf8')
      .replace(/^.*\)\s+/su, '')
      .split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
