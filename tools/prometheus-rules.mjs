import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';

/** Makes a PrometheusRule of each file of rules; with `--check` it only says whether they are up to date. */
const RULES = join(root, 'docker', 'prometheus', 'rules');
const MANIFESTS = join(root, 'k8s', 'components', 'monitoring', 'prometheusrules.yaml');

const manifests = readdirSync(RULES)
  .filter((name) => name.endsWith('.yml'))
  .sort()
  .map(manifestOf);
const text = `# Generated from docker/prometheus/rules: npm run generate\n${manifests.join('---\n')}`;

if (!process.argv.includes('--check')) {
  writeFileSync(MANIFESTS, text);
} else if (readFileSync(MANIFESTS, 'utf8') !== text) {
  process.stderr.write(`${MANIFESTS} is out of date: npm run generate\n`);
  process.exitCode = 1;
}

/** The operator reads the very format of the files, under `spec`. */
function manifestOf(file) {
  const lines = readFileSync(join(RULES, file), 'utf8').trimEnd().split('\n');
  return [
    'apiVersion: monitoring.coreos.com/v1',
    'kind: PrometheusRule',
    'metadata:',
    `  name: parley-${file.replace(/\.yml$/, '')}`,
    '  labels: { app.kubernetes.io/part-of: parley }',
    'spec:',
    ...lines.map((line) => (line === '' ? '' : `  ${line}`)),
    '',
  ].join('\n');
}
