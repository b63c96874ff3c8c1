import { collectDefaultMetrics, Counter, Gauge, Histogram, type MetricObjectWithValues, register } from 'prom-client';
import { type MetricLabel } from './metric-labels.js';

/** Bounds for what a person waits for, in seconds: 5 ms to 60 s. */
export const LATENCY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60];

/** One metric per name and process, because several apps may share a process. */
export function counter<L extends MetricLabel>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
  return existing<Counter<L>>(name) ?? new Counter({ name, help, labelNames });
}

/** @param measure called for every scrape, before the values are read; must neither wait nor throw */
export function gauge<L extends MetricLabel>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  measure?: (gauge: Gauge<L>) => void,
): Gauge<L> {
  const configuration = { name, help, labelNames };
  const known = existing<Gauge<L>>(name);
  if (known || !measure) return known ?? new Gauge(configuration);
  return new Gauge({
    ...configuration,
    collect() {
      measure(this);
    },
  });
}

export function histogram<L extends MetricLabel>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  buckets: readonly number[] = LATENCY_BUCKETS_SECONDS,
): Histogram<L> {
  return existing<Histogram<L>>(name) ?? new Histogram({ name, help, labelNames, buckets: [...buckets] });
}

function existing<M>(name: string): M | undefined {
  return register.getSingleMetric(name) as M | undefined;
}

/** Process and event-loop metrics; a second call in the same process changes nothing. */
export function collectProcessMetrics(): void {
  if (!register.getSingleMetric('process_cpu_user_seconds_total')) collectDefaultMetrics();
}

export interface MetricDescription {
  name: string;
  help: string;
  type: string;
  labelNames: string[];
}

/** Of everything that this process has registered so far, by name. */
export function describeMetrics(): MetricDescription[] {
  return register
    .getMetricsAsArray()
    .map((metric) => metric as unknown as MetricObjectWithValues<never> & { labelNames?: string[] })
    .map(({ name, help, type, labelNames = [] }) => ({ name, help, type: String(type), labelNames: [...labelNames] }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
