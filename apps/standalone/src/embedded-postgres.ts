import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { EmbeddedUpkeep } from './embedded-upkeep.js';

const MAX_CONNECTIONS = 64;
/** Seconds by itself; minutes on a machine that has much else to do. */
const START_TIMEOUT_MS = 180_000;
const CLOSE_TIMEOUT_MS = 5_000;

/** PostgreSQL with pgvector inside this process, on a loopback port, keeping its data in a folder. */
export class EmbeddedPostgres {
  readonly #upkeep: EmbeddedUpkeep;

  private constructor(
    private readonly worker: Worker,
    /** postgres://… for any client of this machine */
    readonly url: string,
  ) {
    this.#upkeep = new EmbeddedUpkeep(url);
  }

  static async start(dataDir: string): Promise<EmbeddedPostgres> {
    const worker = new Worker(new URL('./embedded-postgres.worker.js', import.meta.url), {
      workerData: { dataDir, maxConnections: MAX_CONNECTIONS },
    });
    const signal = AbortSignal.timeout(START_TIMEOUT_MS);
    const [{ address }] = (await once(worker, 'message', { signal }).catch((error: unknown) => {
      throw signal.aborted ? tooSlow(error) : error;
    })) as [{ address: string }];
    return new EmbeddedPostgres(worker, `postgres://postgres:embedded@${address}/postgres?sslmode=disable`);
  }

  async close(): Promise<void> {
    this.#upkeep.stop();
    const closed = once(this.worker, 'message', { signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) });
    this.worker.postMessage('close');
    await closed.catch(() => undefined);
    await this.worker.terminate();
  }
}

function tooSlow(cause: unknown): Error {
  return new Error(`The embedded PostgreSQL has not started within ${START_TIMEOUT_MS / 1000} s.`, { cause });
}
