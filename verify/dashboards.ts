import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, startPrivateRabbitMq, startProviderStub } from '@parley/testing';
import pg from 'pg';
import { freePort } from '../e2e/support/app-process.js';
import { startRealSuite } from '../e2e/support/suite.js';
import { useEverything } from './load.js';
import { PostgresExporter } from './postgres-exporter.js';
import { Prometheus } from './prometheus.js';
import { type Verification } from './verification.js';

const FOLDER = join(import.meta.dirname, '../docker/grafana/dashboards');
const APPS = ['gateway', 'chat', 'memory', 'ingestion-worker'];
const RATE_INTERVAL = '1m';
const ZERO = / or vector\([01]\)/g;
/** The gauges of jobs and dead letters are measured every 15 s. */
const DATA_WITHIN = { timeoutMs: 120_000, intervalMs: 2_000 };

interface Panel {
  title: string;
  targets: { expr?: string; rawSql?: string }[];
}

interface Dashboard {
  title: string;
  panels: Panel[];
}

/** The suite under some load and a real Prometheus beside it: every panel of every dashboard has something to show. */
export const dashboards: Verification = {
  summary: 'every query of every dashboard returns data from a real Prometheus, with the suite under load',
  async run(say) {
    const cleanUp: (() => Promise<unknown>)[] = [];
    const stopping = new AbortController();
    try {
      const provider = await startProviderStub();
      cleanUp.push(() => provider.close());
      const broker = await startPrivateRabbitMq({ hasMetrics: true });
      cleanUp.push(() => broker.remove());
      const metricsPort = String(await freePort());
      let databaseUrl = '';
      const suite = await startRealSuite(
        {
          ...{ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' },
          METRICS_PORT: metricsPort,
        },
        (url) => {
          if (url.startsWith('amqp')) return Promise.resolve(broker.endpoints.url);
          return Promise.resolve((databaseUrl = url));
        },
      );
      cleanUp.push(() => suite.stop());
      const exporter = await PostgresExporter.start(databaseUrl);
      cleanUp.push(() => exporter.stop());
      const sql = new pg.Client({ connectionString: databaseUrl });
      await sql.connect();
      cleanUp.push(() => sql.end());
      const addresses = [`127.0.0.1:${metricsPort}`, ...suite.urls.slice(1).map((url) => new URL(url).host)];
      const prometheus = await Prometheus.start([
        ...APPS.map((job, index) => ({ job, address: addresses[index]! })),
        { job: 'postgres', address: exporter.address },
        { job: 'rabbitmq', address: new URL(broker.endpoints.metricsUrl!).host },
      ]);
      cleanUp.push(() => prometheus.stop());
      const load = useEverything(suite, provider, stopping.signal);
      await Promise.race([load, checkAll({ prometheus, sql }, say)]);
    } finally {
      stopping.abort();
      for (const step of cleanUp.reverse()) await step();
    }
  },
};

interface Sources {
  prometheus: Prometheus;
  sql: pg.Client;
}

async function checkAll(sources: Sources, say: (line: string) => void): Promise<void> {
  const empty: string[] = [];
  for (const { title, panels } of readDashboards()) {
    const missing = await withoutData(sources, panels);
    empty.push(...missing.map((panel) => `${title}: ${panel}`));
    const quiet = await withoutEvents(sources.prometheus, panels);
    const note = listed('nothing happened', quiet);
    say(`${title}: ${panels.length - missing.length} of ${panels.length} panels return data${note}`);
  }
  if (empty.length > 0) throw new Error(`no data:\n  ${empty.join('\n  ')}`);
}

function listed(what: string, panels: Panel[]): string {
  return panels.length === 0 ? '' : `; ${what}: ${panels.map(({ title }) => title).join(', ')}`;
}

/** Panels that show a zero of their own, because what they count has not happened. */
async function withoutEvents(prometheus: Prometheus, panels: Panel[]): Promise<Panel[]> {
  const quiet: Panel[] = [];
  for (const panel of panels) {
    const queries = panel.targets.flatMap(({ expr }) => expr ?? []);
    const results = await Promise.all(queries.map((expr) => prometheus.query(runnable(expr).replaceAll(ZERO, ''))));
    if (results.some((samples) => samples.length === 0)) quiet.push(panel);
  }
  return quiet;
}

const runnable = (expression: string) => expression.replaceAll('$__rate_interval', RATE_INTERVAL);

/** Every query of a panel counts, and a rate needs some scrapes. @returns their titles */
async function withoutData(sources: Sources, panels: Panel[]): Promise<string[]> {
  let missing: string[] = [];
  await eventually(async () => {
    missing = [];
    for (const { title, targets } of panels) {
      for (const target of targets) {
        if (!(await hasData(sources, target))) missing.push(`${title}: ${target.expr ?? target.rawSql}`);
      }
    }
    if (missing.length > 0) throw new Error('not yet');
  }, DATA_WITHIN).catch((error: unknown) => {
    if (missing.length === 0) throw error;
  });
  return missing;
}

/** What is asked in SQL covers the last hour, as Grafana's time picker would have it. */
async function hasData({ prometheus, sql }: Sources, { expr, rawSql }: Panel['targets'][number]): Promise<boolean> {
  if (rawSql) {
    const statement = rawSql
      .replaceAll('$__timeFrom()', `now() - interval '1 hour'`)
      .replaceAll('$__timeTo()', 'now()');
    const { rows } = await sql.query(statement);
    return rows.length > 0;
  }
  const samples = await prometheus.query(runnable(expr ?? ''));
  return samples.some(({ value }) => !Number.isNaN(value));
}

function readDashboards(): Dashboard[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  return files.map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Dashboard);
}
