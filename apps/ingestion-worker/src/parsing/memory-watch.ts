import { readFile } from 'node:fs/promises';

const EVERY_MS = 200;

/**
 * Watches how much memory of its own a process holds, as the system sees it: heap, buffers and WebAssembly together.
 * Where the system does not tell (no /proc), the process has only the limits that it was started with.
 * @param exceeded called once, and the watch is over
 * @returns ends the watch
 */
export function watchMemory(pid: number, maxBytes: number, exceeded: () => void): () => void {
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    const bytes = await ownMemoryBytes(pid);
    if (isOver || bytes === undefined) return;
    if (bytes > maxBytes) return exceeded();
    schedule();
  };
  let isOver = false;
  const schedule = (): void => {
    timer = setTimeout(() => void look(), EVERY_MS).unref();
  };
  schedule();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Without the pages of files that the process only maps; undefined when that cannot be told. */
async function ownMemoryBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
