import { type ModelOrigin, type RunStatus } from '@parley/contracts';
import { type LlmObserver } from '@parley/llm';
import { currentSpan, boundedValues, counter, gauge, histogram } from '@parley/observability';

const MS_PER_S = 1_000;

const llmRequests = counter('llm_requests_total', 'Requests to the language model', ['provider', 'model', 'outcome']);
const breakers = gauge('parley_llm_breaker_state', 'Of a provider: 0 closed, 1 half-open, 2 open', ['provider']);
const providerRequests = gauge('parley_llm_provider_requests', 'Requests that a provider serves or that wait for it', [
  'provider',
  'state',
]);
const fallbacks = counter('parley_llm_fallbacks_total', 'Answers that another provider was asked for', [
  'from',
  'to',
  'reason',
]);
const tokens = counter('parley_llm_tokens_total', 'Tokens that answers used', ['provider', 'model', 'kind']);
const costs = counter(
  'parley_llm_cost_micros_total',
  'Cost of answers and speech, in millionths of the currency of the prices',
  ['provider', 'model', 'estimated'],
);
const spokenCharacters = counter('parley_llm_speech_characters_total', 'Characters of texts that are read aloud', [
  'provider',
  'model',
]);
const BREAKER_LEVELS = { closed: 0, 'half-open': 1, open: 2 } as const;

const runs = counter('parley_runs_total', 'Answers generated, by how they ended', ['status']);
const activeRuns = gauge('parley_active_runs', 'Answers being generated');
const firstToken = histogram('parley_time_to_first_token_seconds', 'From the arrival of a request to its first token');
const runDuration = histogram('parley_run_duration_seconds', 'From the arrival of a request to the end of its answer');
const queueTime = histogram(
  'parley_run_queue_seconds',
  'From the arrival of a request until its answer is begun: history and assistant are read, the model is chosen',
);
const speed = histogram(
  'parley_run_tokens_per_second',
  'Tokens of an answer per second, from its first token to its end',
  [],
  [1, 2, 5, 10, 20, 30, 40, 60, 80, 100, 150, 200, 500, 1_000],
);
const toolRuns = counter('parley_tool_runs_total', 'Tools of the server that models called', ['tool', 'outcome']);
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
  begun(queueMs: number): void {
    queueTime.observe(queueMs / MS_PER_S);
  },
  /** Answers that came at once have no speed. */
  written(tokens: number, elapsedMs: number): void {
    if (tokens > 0 && elapsedMs > 0) speed.observe(tokens / (elapsedMs / MS_PER_S));
  },
  finished(status: RunStatus, totalMs: number): void {
    currentSpan()?.set({ 'parley.run.status': status });
    runs.inc({ status });
    runDuration.observe(totalMs / MS_PER_S);
  },
  /** Found dead: how long they took is not known. */
  interrupted(count: number): void {
    runs.inc({ status: 'interrupted' }, count);
  },
  toolRun(tool: 'file_search' | 'http', outcome: 'completed' | 'failed'): void {
    toolRuns.inc({ tool, outcome });
  },
  retrieved(outcome: 'found' | 'empty' | 'failed'): void {
    retrievals.inc({ outcome });
  },
};

/** A provider may list a thousand models, and others tomorrow. */
const MAX_MODELS = 100;
const bounded = boundedValues(MAX_MODELS);
const labelsOf = ({ provider, model }: ModelOrigin) => ({ provider, model: bounded(model) });

/** Providers are those of the configuration. */
export const llmMetrics: LlmObserver = {
  finished: ({ operation, provider, model, outcome }) => {
    if (operation === 'chat') llmRequests.inc({ ...labelsOf({ provider, model }), outcome });
  },
  breakerChanged: ({ provider, state }) => breakers.set({ provider }, BREAKER_LEVELS[state]),
  loadChanged: ({ provider, load }) => {
    providerRequests.set({ provider, state: 'active' }, load.active);
    providerRequests.set({ provider, state: 'queued' }, load.queued);
  },
  fellBack: ({ from, to, reason }) => fallbacks.inc({ from: from.provider, to: to.provider, reason }),
  charged: ({ origin, usage, costMicros }) => {
    const { cachedTokens = 0 } = usage;
    const labels = labelsOf(origin);
    tokens.inc({ ...labels, kind: 'input' }, Math.max(0, usage.promptTokens - cachedTokens));
    tokens.inc({ ...labels, kind: 'cached_input' }, cachedTokens);
    tokens.inc({ ...labels, kind: 'output' }, usage.completionTokens);
    if (costMicros !== null) costs.inc({ ...labels, estimated: String(usage.estimated) }, costMicros);
  },
  spoken: ({ origin, characters, costMicros }) => {
    spokenCharacters.inc(labelsOf(origin), characters);
    if (costMicros !== null) costs.inc({ ...labelsOf(origin), estimated: 'false' }, costMicros);
  },
};
