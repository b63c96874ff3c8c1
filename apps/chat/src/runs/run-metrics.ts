import { type RunStatus } from '@parley/contracts';
import { type LlmObserver } from '@parley/llm';
import { counter, gauge, histogram } from '@parley/observability';

const MS_PER_S = 1_000;

const llmRequests = counter('llm_requests_total', 'Requests to the language model', ['provider', 'model', 'outcome']);
const runs = counter('parley_runs_total', 'Answers generated, by how they ended', ['status']);
const activeRuns = gauge('parley_active_runs', 'Answers being generated');
const firstToken = histogram('parley_time_to_first_token_seconds', 'From the arrival of a request to its first token');
const runDuration = histogram('parley_run_duration_seconds', 'From the arrival of a request to the end of its answer');
const retrievals = counter('memory_retrievals_total', 'Searches that grounded an answer', ['outcome']);

export const runMetrics = {
  started(): void {
    activeRuns.inc();
  },
  ended(): void {
    activeRuns.dec();
  },
  firstToken(elapsedMs: number): void {
    firstToken.observe(elapsedMs / MS_PER_S);
  },
  finished(status: RunStatus, totalMs: number): void {
    runs.inc({ status });
    runDuration.observe(totalMs / MS_PER_S);
  },
  /** Found dead: how long they took is not known. */
  interrupted(count: number): void {
    runs.inc({ status: 'interrupted' }, count);
  },
  retrieved(outcome: 'found' | 'empty' | 'failed'): void {
    retrievals.inc({ outcome });
  },
};

/** Models are those that the provider lists, so their number is bounded. */
export const llmMetrics: LlmObserver = {
  finished: ({ operation, provider, model, outcome }) => {
    if (operation === 'chat') llmRequests.inc({ provider, model, outcome });
  },
};
