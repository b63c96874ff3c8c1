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
    'its public port for administrators, the others on their `PORT`. Seconds, bytes and counts are in the names. Dashboards are',
    'in `docker/grafana`; `docker compose -f docker/compose.yaml --profile monitoring up` shows them on http://localhost:3000.',
    '',
    '| Name | Type | Labels | App | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Labels',
    '',
    'No label holds what a client chooses: not an id, not a path, not a tenant.',
    '',
    '| Label | Values |',
    '| --- | --- |',
    ...labels.map(([label, values]) => `| \`${label}\` | ${values} |`),
    '',
    '## Tenants',
    '',
    'A label with tenants would grow with every customer, so their figures come from PostgreSQL: `chat.tenant_usage(since, until)`',
    'and `memory.tenant_storage()` give totals of the hundred largest and nothing that a tenant has written. A login of the role',
    '`parley_monitor` may call both and read no table. Compose makes it for Grafana; elsewhere:',
    '',
    '```sql',
    "create role grafana login password '…' connection limit 4 in role parley_monitor;",
    "alter role grafana set statement_timeout = '10s';",
    '```',
    '',
    '## Every process',
    '',
    '| Name | Meaning |',
    '| --- | --- |',
    ...process,
    '',
  ].join('\n');
}
