import { METRIC_LABELS } from '@parley/observability';
import { type OwnedMetric } from './all-metrics.js';

/** The tables of docs/metrics.md. */
export function metricsDocument(metrics: readonly OwnedMetric[]): string {
  const own = metrics.filter(({ owner }) => owner !== 'process');
  const rows = own.map(({ name, type, labelNames, owner, help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labels} | ${owner} | ${help} |`;
  });
  const used = new Set(own.flatMap(({ labelNames }) => labelNames));
  const labels = Object.entries(METRIC_LABELS).filter(([label]) => used.has(label));
  const process = metrics
    .filter(({ owner }) => owner === 'process')
    .map(({ name, help }) => `| \`${name}\` | ${help} |`);
  return [
    '# Metrics',
    '',
    'Every app serves `/metrics` in the text format of Prometheus: the gateway on `METRICS_PORT` without credentials and on',
    'its public port for administrators, the others on their `PORT`. Seconds, bytes and counts are in the names.',
    '',
    '| Name | Type | Labels | App | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Labels',
    '',
    'No label holds what a client chooses: not an id, not a path, not a tenant. Figures of tenants are rows of the database.',
    '',
    '| Label | Values |',
    '| --- | --- |',
    ...labels.map(([label, values]) => `| \`${label}\` | ${values} |`),
    '',
    '## Every process',
    '',
    '| Name | Meaning |',
    '| --- | --- |',
    ...process,
    '',
  ].join('\n');
}
