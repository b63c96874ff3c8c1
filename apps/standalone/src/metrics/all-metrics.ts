import { collectProcessMetrics, describeMetrics, type MetricDescription } from '@parley/observability';

/** In this order: what one has registered belongs to it, so libraries come before the apps that stand on them. */
const OWNERS: readonly (readonly [who: string, load: () => Promise<unknown>])[] = [
  ['gateway, chat', () => import('@parley/observability')],
  ['all', () => Promise.all([import('@parley/messaging'), import('@parley/persistence')])],
  ['memory, ingestion-worker', () => Promise.all([import('@parley/knowledge'), import('@parley/llm')])],
  ['gateway', () => import('@parley/gateway')],
  ['chat', () => import('@parley/chat')],
  ['memory', () => import('@parley/memory')],
  ['ingestion-worker', () => import('@parley/ingestion-worker')],
];

/** Registered by a library of which others have the rest. */
const OF_ALL = new Set(['parley_trace_spans_total']);

export interface OwnedMetric extends MetricDescription {
  /** The apps that have it, or `process` for what every process of Node.js has. */
  owner: string;
}

/** Every metric of the suite, by name. Only the first call in a process can tell whose they are. */
export async function allMetrics(): Promise<OwnedMetric[]> {
  const owners = new Map<string, string>();
  for (const [owner, load] of OWNERS) {
    await load();
    for (const { name } of describeMetrics()) if (!owners.has(name)) owners.set(name, OF_ALL.has(name) ? 'all' : owner);
  }
  collectProcessMetrics();
  return describeMetrics().map((metric) => ({ ...metric, owner: owners.get(metric.name) ?? 'process' }));
}
