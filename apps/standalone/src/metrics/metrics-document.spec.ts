import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { METRIC_LABELS } from '@parley/observability';
import { allMetrics, type OwnedMetric } from './all-metrics.js';
import { metricsDocument } from './metrics-document.js';

/** From before there were rules for names, which dashboards and alerts of others rely on. */
const NAMES_OF_GUIDES = ['http_requests_in_progress'];
const UNITS = /_(seconds|bytes|micros|percent|total|per_second|timestamp_seconds)$/;

describe('The metrics of the suite', () => {
  let own: OwnedMetric[];
  let all: OwnedMetric[];

  beforeAll(async () => {
    // First of all: Jest cannot load CommonJS packages while the ES modules that they require are being loaded.
    await import('@nestjs/common');
    all = await allMetrics();
    own = all.filter(({ owner }) => owner !== 'process');
  });

  it('are those of docs/metrics.md', () => {
    const path = new URL('../../../../docs/metrics.md', import.meta.url);
    const cells = (text: string) => text.replaceAll(/ *\| */g, '|').replaceAll(/-+/g, '-');
    expect(cells(readFileSync(path, 'utf8'))).toBe(cells(metricsDocument(all)));
  });

  it('have labels whose values are bounded, and no others', () => {
    const unknown = own.flatMap(({ name, labelNames }) =>
      labelNames.filter((label) => !(label in METRIC_LABELS)).map((label) => `${name}{${label}}`),
    );
    expect(unknown).toEqual([]);
    expect(
      Object.keys(METRIC_LABELS).filter((label) => /tenant|user|path|url|_id$|^id$|key|email/.test(label)),
    ).toEqual([]);
    expect(Object.keys(METRIC_LABELS)).toEqual(Object.keys(METRIC_LABELS).sort());
  });

  it('say what they are', () => {
    expect(all.filter(({ help }) => help.trim().length < 8).map(({ name }) => name)).toEqual([]);
  });

  it('have their unit in the name', () => {
    for (const { name, type } of own) {
      if (type === 'counter') expect(name).toMatch(/_total$/);
      if (type === 'histogram' && name !== 'parley_retrieval_recall') expect(name).toMatch(UNITS);
      if (type === 'gauge' && !NAMES_OF_GUIDES.includes(name)) expect(name).toMatch(/^parley_/);
      expect(name).not.toMatch(/_(ms|millis|minutes|kb|mb)(_|$)/);
    }
  });

  it('are the names that guides and alerts rely on', () => {
    const names = own.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        ...['http_requests_total', 'http_request_duration_seconds', 'http_requests_in_progress'],
        ...['llm_requests_total', 'memory_retrievals_total', 'parley_open_streams', 'parley_active_runs'],
        ...['parley_time_to_first_token_seconds', 'parley_run_tokens_per_second', 'parley_run_queue_seconds'],
        ...['parley_retrieval_stage_seconds', 'parley_embedding_batches_total', 'parley_embedding_batch_seconds'],
        ...['parley_llm_breaker_state', 'parley_ingestion_jobs', 'parley_ingestion_oldest_waiting_seconds'],
        ...['parley_ingestion_finished_total', 'parley_dead_letters', 'parley_outbox_oldest_age_seconds'],
        ...['parley_database_pool_connections', 'parley_database_pool_wait_seconds', 'parley_cache_requests_total'],
        'parley_rate_limit_rejections_total',
      ]),
    );
  });
});
