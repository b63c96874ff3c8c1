import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, startProviderStub } from '@parley/testing';
import { freePort } from '../e2e/support/app-process.js';
import { startRealSuite } from '../e2e/support/suite.js';
import { useEverything } from './load.js';
import { type Verification } from './verification.js';
import { Prometheus } from './prometheus.js';

const FOLDER = join(import.meta.dirname, '../docker/grafana/dashboards');
const APPS = ['gateway', 'chat', 'memory', 'ingestion-worker'];
const RATE_INTERVAL = '1m';
/** What other programs measure; they do not run here. */
const ZERO = / or vector\([01]\)/g;
const EXPORTERS = /\b(pg|rabbitmq)_\w+/;
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
    const provider = await startProviderStub();
    const metricsPort = String(await freePort());
    const suite = await startRealSuite({
      ...{ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' },
      METRICS_PORT: metricsPort,
    });
    const stopping = new AbortController();
    let prometheus: Prometheus | undefined;
    try {
      const addresses = [`127.0.0.1:${metricsPort}`, ...suite.urls.slice(1).map((url) => new URL(url).host)];
      prometheus = await Prometheus.start(APPS.map((job, index) => ({ job, address: addresses[index]! })));
      const load = useEverything(suite, provider, stopping.signal);
      await Promise.race([load, checkAll(prometheus, say)]);
    } finally {
      stopping.abort();
      await prometheus?.stop();
      await suite.stop();
      await provider.close();
    }
  },
};

async function checkAll(prometheus: Prometheus, say: (line: string) => void): Promise<void> {
  const empty: string[] = [];
  for (const { title, panels } of readDashboards()) {
    const of = (test: (panel: Panel) => boolean) => panels.filter(test);
    const isElsewhere = ({ targets }: Panel) =>
      targets.some(({ expr, rawSql }) => rawSql || EXPORTERS.test(expr ?? ''));
    const elsewhere = of(isElsewhere);
    const here = of((panel) => !isElsewhere(panel));
    const missing = await withoutData(prometheus, here);
    empty.push(...missing.map((panel) => `${title}: ${panel}`));
    const quiet = await withoutEvents(prometheus, here);
    const notes = [listed('nothing happened', quiet), listed('not run here', elsewhere)].join('');
    say(`${title}: ${here.length - missing.length} of ${here.length} panels return data${notes}`);
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
    const results = await Promise.all(
      panel.targets.map(({ expr = '' }) => prometheus.query(runnable(expr).replaceAll(ZERO, ''))),
    );
    if (results.some((samples) => samples.length === 0)) quiet.push(panel);
  }
  return quiet;
}

const runnable = (expression: string) => expression.replaceAll('$__rate_interval', RATE_INTERVAL);

/** Every query of a panel counts, and a rate needs some scrapes. @returns their titles */
async function withoutData(prometheus: Prometheus, panels: Panel[]): Promise<string[]> {
  let missing: string[] = [];
  await eventually(async () => {
    missing = [];
    for (const { title, targets } of panels) {
      for (const { expr = '' } of targets) {
        const samples = await prometheus.query(runnable(expr));
        if (!samples.some(({ value }) => !Number.isNaN(value))) missing.push(`${title}: ${expr}`);
      }
    }
    if (missing.length > 0) throw new Error('not yet');
  }, DATA_WITHIN).catch((error: unknown) => {
    if (missing.length === 0) throw error;
  });
  return missing;
}

function readDashboards(): Dashboard[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  return files.map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Dashboard);
}
