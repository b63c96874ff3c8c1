import { counter, histogram } from '@parley/observability';
import { type LlmObserver } from './llm-observer.js';

const batches = counter('parley_embedding_batches_total', 'Requests to embedding models, by how they ended', [
  'outcome',
]);
const duration = histogram(
  'parley_embedding_batch_seconds',
  'Time of a request to an embedding model, with the wait for its turn and for tries',
);

/** For the apps that embed: queries, and the chunks of documents. */
export const embeddingMetrics: LlmObserver = {
  finished: ({ operation, outcome, seconds }) => {
    if (operation !== 'embedding') return;
    batches.inc({ outcome });
    duration.observe(seconds);
  },
};
