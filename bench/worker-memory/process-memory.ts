import { readdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

export interface Peaks {
  /** Megabytes of resident memory. */
  worker: number;
  parser: number;
}

/** Watches a process and its children (of any depth) while work goes on. Linux alone tells such things. */
export async function peaksDuring(pid: number, work: () => Promise<void>): Promise<Peaks> {
  // Forgets the peak of what was done before.
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  let parser = 0;
  const stop = new AbortController();
  const watching = (async () => {
    while (!stop.signal.aborted) {
      for (const child of await descendantsOf(pid)) parser = Math.max(parser, await peakOf(child));
      await delay(POLL_MS);
    }
  })();
  try {
    await work();
  } finally {
    stop.abort();
    await watching;
  }
  return { worker: await peakOf(pid), parser };
}

/** 0 once it has ended. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1_024;
}

export async function descendantsOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  const children = lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
}
