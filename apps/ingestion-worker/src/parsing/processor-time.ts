import { readFileSync } from 'node:fs';

/** The unit of /proc: USER_HZ, which Linux shows as 100 everywhere. */
const TICK_MS = 10;
/** Of the fields behind the name, which may hold anything and ends with the last parenthesis. */
const [USER_TICKS, SYSTEM_TICKS] = [11, 12];

/** How long a process, with all its threads, has been on a processor so far; undefined where the system does not tell. */
export function processorTimeMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * TICK_MS;
  } catch {
    return undefined;
  }
}
