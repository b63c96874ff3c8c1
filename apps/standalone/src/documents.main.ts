import { readFileSync, writeFileSync } from 'node:fs';
import { allMetrics } from './metrics/all-metrics.js';
import { metricsDocument } from './metrics/metrics-document.js';
import { configurationTable, envExample } from './settings/settings-documents.js';

/** Writes what is generated from settings and metrics; with `--check` it only says whether that is up to date. */
const ROOT = new URL('../../../', import.meta.url);
const isCheck = process.argv.includes('--check');

const metrics = await allMetrics();
// Only now: it loads all apps, and then nobody can tell whose the metrics are.
const { allSettings } = await import('./settings/settings.js');
const settings = allSettings();
const documents = [
  { path: new URL('.env.example', ROOT), text: envExample(settings) },
  { path: new URL('docs/configuration.md', ROOT), text: configurationTable(settings) },
  { path: new URL('docs/metrics.md', ROOT), text: metricsDocument(metrics) },
];
for (const { path, text } of documents) {
  if (!isCheck) {
    writeFileSync(path, text);
    continue;
  }
  if (readFileSync(path, 'utf8') === text) continue;
  process.stderr.write(`${path.pathname} is out of date: npm run generate\n`);
  process.exitCode = 1;
}
