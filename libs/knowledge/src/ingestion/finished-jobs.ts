import { counter } from '@parley/observability';

const finished = counter('parley_ingestion_finished_total', 'Ingestion jobs that ended, by how', ['outcome']);

/**
 * Counts jobs that ended for good. `failed` could never succeed, because of the document itself; `dead_letter` was given
 * up after all its tries. Both wait as dead letters.
 */
export function jobsFinished(outcome: 'completed' | 'failed' | 'cancelled' | 'dead_letter', count = 1): void {
  finished.inc({ outcome }, count);
}
