import { type MetricValue, register } from 'prom-client';

/** How many time series this process offers now, without those that Node.js has of itself. */
export async function countSeries(): Promise<number> {
  const text = await register.metrics();
  return text.split('\n').filter((line) => line !== '' && !/^(#|nodejs_|process_)/.test(line)).length;
}

/**
 * What a metric of this process says: the sum over the series with these labels, 0 without any.
 * @param name of a histogram with `_count` or `_sum`
 */
export async function metricValue(name: string, labels: Record<string, string> = {}): Promise<number> {
  const metric = register.getSingleMetric(name) ?? register.getSingleMetric(name.replace(/_(count|sum)$/, ''));
  if (!metric) throw new Error(`There is no metric ${name}.`);
  const { values } = (await metric.get()) as { values: (MetricValue<string> & { metricName?: string })[] };
  return values
    .filter(({ metricName = name }) => metricName === name)
    .filter((series) => Object.entries(labels).every(([label, value]) => series.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
