import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import { systemProgram } from '@parley/testing';
import { parse, parseAllDocuments } from 'yaml';
import { foreignMetrics, metricsIn } from './support/metric-names.js';

jest.setTimeout(120_000);

interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
interface RuleFile {
  groups: { name: string; rules: Rule[] }[];
}
interface TestFile {
  tests: {
    promql_expr_test?: { expr: string; exp_samples: object[] }[];
    alert_rule_test?: { alertname: string; exp_alerts: object[] }[];
  }[];
}
interface AlertmanagerFile {
  inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[];
}

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const runbooks = join(root, 'docs/runbooks');
const read = <T>(path: string) => parse(readFileSync(path, 'utf8')) as T;
const filesIn = (folder: string) => readdirSync(join(import.meta.dirname, folder)).sort();
const pathsIn = (folder: string) => filesIn(folder).map((name) => join(import.meta.dirname, folder, name));

const rules = pathsIn('rules').flatMap((path) => read<RuleFile>(path).groups.flatMap((group) => group.rules));
const alerts = rules.filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined);
const names = alerts.map(({ alert }) => alert);
const tests = pathsIn('tests').flatMap((path) => read<TestFile>(path).tests);

describe('The alerts', () => {
  it('have names of their own', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^Parley[A-Z]\w+$/.test(name))).toEqual([]);
  });

  it.each(alerts)('$alert says how bad it is, what it is, and where to read on', ({ alert, labels, annotations }) => {
    expect(['critical', 'warning']).toContain(labels?.['severity']);
    expect(annotations).toEqual({
      summary: expect.any(String),
      description: expect.any(String),
      runbook_url: `docs/runbooks/${alert}.md`,
    });
    const page = readFileSync(join(runbooks, `${alert}.md`), 'utf8').replaceAll(/^```.*?^```$/gms, '');
    expect(page.match(/^#+ .*$/gm)).toEqual([
      `# ${alert}`,
      '## What it means',
      '## How to see it',
      '## How to mend it',
    ]);
  });

  it('are told of in docs/alerts.md, and no others', () => {
    const told = readFileSync(join(root, 'docs/alerts.md'), 'utf8').matchAll(/\[(Parley\w+)\]\(runbooks\/\1\.md\)/g);
    expect([...new Set([...told].map(([, name]) => name))].sort()).toEqual([...names].sort());
    const pages = readdirSync(runbooks).filter((page) => page !== 'README.md');
    expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort());
  });

  it('are each shown to fire and not to fire', () => {
    const firing = tests
      .flatMap((test) => test.promql_expr_test ?? [])
      .filter(({ exp_samples }) => exp_samples.length > 0)
      .map(({ expr }) => /ALERTS\{alertname="(\w+)", alertstate="firing"\}/.exec(expr)?.[1]);
    const silent = tests
      .filter((test) => !test.promql_expr_test)
      .flatMap((test) => test.alert_rule_test ?? [])
      .filter(({ exp_alerts }) => exp_alerts.length === 0)
      .map(({ alertname }) => alertname);
    expect([...new Set(firing)].sort()).toEqual([...names].sort());
    expect([...new Set(silent)].sort()).toEqual([...names].sort());
  });
});

describe('The rules', () => {
  it('ask for metrics that there are', () => {
    const recorded = rules.map(({ record }) => record);
    const asked = [...new Set(rules.flatMap(({ expr }) => metricsIn(expr)))].filter((name) => !recorded.includes(name));
    expect(foreignMetrics(asked)).toEqual([]);
  });

  it('have a threshold for each comparison, and use each', () => {
    const thresholds = rules.flatMap(({ record }) => (record?.startsWith('parley:threshold:') ? [record] : []));
    const used = alerts.flatMap(({ expr }) => expr.match(/(?<=scalar\()parley:threshold:\w+(?=\))/g) ?? []);
    expect([...new Set(used)].sort()).toEqual([...thresholds].sort());
    const watch = alerts.find(({ alert }) => alert === 'ParleyThresholdMissing')!;
    expect(watch.expr).toContain(`< ${thresholds.length}`);
    expect(watch.annotations!['description']).toContain(`of ${thresholds.length} thresholds`);
  });

  it('are the PrometheusRules of Kubernetes', () => {
    const generated = readFileSync(join(root, 'k8s/components/monitoring/prometheusrules.yaml'), 'utf8');
    const objects = parseAllDocuments(generated).map(
      (document) => document.toJS() as { metadata: { name: string }; spec: RuleFile },
    );
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(
      filesIn('rules').map((file) => `parley-${file.replace('.yml', '')}`),
    );
    expect(objects.map(({ spec }) => spec)).toEqual(pathsIn('rules').map((path) => read<RuleFile>(path)));
  });
});

describe('Alertmanager', () => {
  it('silences, and is silenced by, alerts that there are', () => {
    const { inhibit_rules } = read<AlertmanagerFile>(join(root, 'docker/alertmanager/alertmanager.yml'));
    const patterns = inhibit_rules
      .flatMap((rule) => [...rule.source_matchers, ...rule.target_matchers])
      .flatMap((matcher) => /^alertname=~?"(.*)"$/.exec(matcher)?.[1]?.split('|') ?? []);
    const unknown = patterns.filter((pattern) => !names.some((name) => new RegExp(`^(${pattern})$`).test(name)));
    expect(patterns.length).toBeGreaterThan(10);
    expect(unknown).toEqual([]);
  });
});

const promtool = await systemProgram('promtool', 'prometheus');
if (!promtool) console.warn('skipped: the rules in Prometheus: no promtool here and none could be installed');

(promtool ? describe : describe.skip)('promtool', () => {
  it('finds no fault in the rules', async () => {
    const { stdout } = await run(promtool!, ['check', 'rules', ...pathsIn('rules')]);
    expect(stdout.match(/SUCCESS/g)).toHaveLength(filesIn('rules').length);
  });

  it('sees each alert fire and not fire', async () => {
    const { stdout } = await run(promtool!, ['test', 'rules', ...pathsIn('tests')]).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    expect(stdout).not.toContain('FAILED');
    expect(stdout.match(/SUCCESS/g)).toHaveLength(filesIn('tests').length);
  });
});

const amtool = await systemProgram('amtool', 'prometheus-alertmanager');
if (!amtool) console.warn('skipped: the configuration in Alertmanager: no amtool here and none could be installed');

(amtool ? describe : describe.skip)('amtool', () => {
  it('finds no fault in the configuration', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-alertmanager-'));
    try {
      // Before 0.26 an address could not come from a file.
      const text = readFileSync(join(root, 'docker/alertmanager/alertmanager.yml'), 'utf8');
      const path = join(folder, 'alertmanager.yml');
      writeFileSync(path, text.replace(/url_file: .*/, 'url: http://127.0.0.1/'));
      const { stdout } = await run(amtool!, ['check-config', path]);
      expect(stdout).toContain('SUCCESS');
      expect(stdout).toContain('2 receivers');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
