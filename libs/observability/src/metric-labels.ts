/**
 * Every label that a metric may have, and what bounds its values. Nothing that a client chooses is among them: an id, a
 * path or a name in a label would make a time series of each. A new label does not compile until it stands here.
 */
export const METRIC_LABELS = {
  app: 'the apps of Parley',
  cache: 'the caches in the code: `credentials`, `models`',
  estimated: '`true`, `false`',
  filtered: '`true`, `false`',
  from: 'providers of the configuration',
  kind: 'kinds of tokens, or of what is removed, in the code',
  limit: 'the limits in the code: `requests`, `sign-in`, `sign-in-address`, `sockets`',
  message: 'messages between the apps that the code defines, and `unknown`',
  method: 'the methods of HTTP that Node.js reads',
  model: 'models that a provider serves, the first 100 that are used in a process; the rest is `other`',
  outcome: 'outcomes and error codes in the code',
  provider: 'providers of the configuration',
  queue: 'dead-letter queues that an app declares, and `ingestion_jobs`',
  rating: 'the judgements of feedback',
  reason: 'error codes',
  route: 'templates of routes, and `unmatched`',
  stage: 'stages of a search: `scope`, `embed`, `search`, `rerank`, `neighbors`',
  state: 'states in the code',
  status: 'HTTP statuses that the code answers with and `aborted`, or the statuses of runs',
  surface: '`sse`, `websocket`',
  to: 'providers of the configuration',
  tool: 'tools of the server in the code',
} as const;

export type MetricLabel = keyof typeof METRIC_LABELS;

export const OTHER = 'other';

/** Lets the first `max` different values of a label through; the rest is `other`. */
export function boundedValues(max: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (!known.has(value) && known.size >= max) return OTHER;
    known.add(value);
    return value;
  };
}
