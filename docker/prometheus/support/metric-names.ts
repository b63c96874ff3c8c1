import { readFileSync } from 'node:fs';

/** What others export, by the program that does, and nothing more of it than the rules ask for. */
const EXPORTERS: Record<string, readonly string[]> = {
  prometheus: ['up'],
  blackbox_exporter: ['probe_success', 'probe_duration_seconds', 'probe_ssl_earliest_cert_expiry'],
  postgres_exporter: ['pg_up', 'pg_stat_activity_count', 'pg_settings_max_connections'],
  CloudNativePG: ['cnpg_backends_total', 'cnpg_pg_settings_setting'],
  rabbitmq_prometheus: ['rabbitmq_alarms_memory_used_watermark', 'rabbitmq_alarms_free_disk_space_watermark'],
  node_exporter: [
    'node_memory_MemAvailable_bytes',
    'node_memory_MemTotal_bytes',
    'node_cpu_seconds_total',
    'node_filesystem_avail_bytes',
    'node_filesystem_size_bytes',
  ],
  kubelet: ['container_memory_working_set_bytes', 'container_spec_memory_limit_bytes'],
};

/** Names of metrics in an expression of PromQL, without the suffixes of histograms. */
export function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const words = bare.match(/(?<![\w:.])[a-z_:][\w:]*(?!\s*\()\b/gi) ?? [];
  return words
    .filter((word) => !['or', 'and', 'unless', 'offset', 'by', 'on'].includes(word))
    .map((word) => word.replace(/(?<=_seconds)_(bucket|sum|count)$/, ''));
}

/** Those that neither Parley nor a known exporter has. */
export function foreignMetrics(names: readonly string[]): string[] {
  const document = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const own = [...document.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
  const known = new Set([...own, ...Object.values(EXPORTERS).flat()]);
  return names.filter((name) => !known.has(name));
}
