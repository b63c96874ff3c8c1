import { gauge, histogram } from '@parley/observability';

/** What is read of a pool of `pg`. */
export interface ObservedPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

const WAIT_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Read when they are scraped. Several apps may share one process, each with its pool. */
const pools = new Map<string, ObservedPool>();

gauge(
  'parley_database_pool_connections',
  'Connections of the pool: all of them, those without work, and transactions that wait for one',
  ['app', 'state'],
  (connections) => {
    connections.reset();
    for (const [app, { totalCount, idleCount, waitingCount }] of pools) {
      connections.set({ app, state: 'total' }, totalCount);
      connections.set({ app, state: 'idle' }, idleCount);
      connections.set({ app, state: 'waiting' }, waitingCount);
    }
  },
);
const waits = histogram(
  'parley_database_pool_wait_seconds',
  'Until a transaction has its connection, or none came',
  ['app'],
  WAIT_BUCKETS_S,
);

/** @returns forgets it, unless another has its name by now */
export function observePool(app: string, pool: ObservedPool): () => void {
  pools.set(app, pool);
  return () => {
    if (pools.get(app) === pool) pools.delete(app);
  };
}

/** Waits for a connection and counts the wait. */
export async function timedWait<T>(app: string, connection: Promise<T>): Promise<T> {
  const stop = waits.startTimer({ app });
  try {
    return await connection;
  } finally {
    stop();
  }
}
