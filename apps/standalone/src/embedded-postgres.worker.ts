import { existsSync, renameSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** Runs PGlite on a thread of its own: a statement computes synchronously and would stop everything else meanwhile. */
const { dataDir, maxConnections } = workerData as { dataDir: string; maxConnections: number };

/** A first start that is cut short must not leave half a database: it is made beside its place and then moved there. */
async function initialise(): Promise<void> {
  const unfinished = `${dataDir}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const fresh = await PGlite.create({ dataDir: unfinished, extensions: { vector } });
  await fresh.close();
  renameSync(unfinished, dataDir);
}

if (!existsSync(dataDir)) await initialise();
const database = await PGlite.create({ dataDir, extensions: { vector } });
const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections });
await server.start();
parentPort!.postMessage({ address: server.getServerConn() });

parentPort!.once('message', () => {
  void (async () => {
    await server.stop();
    await database.close();
    parentPort!.postMessage({ closed: true });
    parentPort!.close();
  })();
});
