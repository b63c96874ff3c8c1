import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Panel {
  id: number;
  title: string;
  description: string;
  type: string;
  fieldConfig: { defaults: { unit: string } };
  targets: { expr?: string; rawSql?: string; legendFormat?: string }[];
}
interface Dashboard {
  uid: string;
  title: string;
  panels: Panel[];
}

const FOLDER = join(import.meta.dirname, 'dashboards');
const UNITS = ['short', 'reqps', 'ops', 's', 'bytes', 'percentunit'];
/** Of Prometheus itself, postgres_exporter and RabbitMQ's plugin. */
const OF_OTHERS = [
  'up',
  'pg_settings_max_connections',
  'pg_stat_database_blks_hit',
  'pg_stat_database_blks_read',
  'pg_stat_database_numbackends',
  'pg_stat_database_xact_commit',
  'pg_stat_database_xact_rollback',
  'rabbitmq_process_resident_memory_bytes',
  'rabbitmq_queue_messages_ready',
  'rabbitmq_queue_messages_unacked',
  'rabbitmq_resident_memory_limit_bytes',
];
const LABELS_OF_OTHERS = ['job', 'le', 'datname', 'class'];
const WORDS = ['by', 'or', 'and', 'on'];

const document = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
const firstCells = [...document.matchAll(/^\| `(\w+)` \| (\w+)? ?\|?/gm)];
const metrics = new Set(firstCells.flatMap(([, name, type]) => namesOf(name!, type)));
const labels = new Set(document.match(/## Labels[^#]*/)![0].match(/(?<=^\| `)\w+/gm));

function namesOf(name: string, type?: string): string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((ending) => name + ending) : [name];
}

/** Names of metrics and labels in an expression of PromQL, as far as the dashboards use it. */
function readExpression(expression: string): { metrics: string[]; labels: string[] } {
  const plain = expression.replaceAll(/label_replace\((.*), "(\w+)", "[^"]*", "(\w+)", "[^"]*"\)/g, '($1)');
  const matchers = [...plain.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner]) => inner!.match(/\w+(?=[!=]~?)/g) ?? []);
  const groups = [...plain.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner]) => inner!.split(', '));
  const bare = plain.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)|\b\d[\d.e]*/g, ' ');
  const names = bare.match(/[a-zA-Z_]\w*(?!\w|\s*\()/g) ?? [];
  return { metrics: names.filter((name) => !WORDS.includes(name)), labels: [...matchers, ...groups] };
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const dashboards = files.map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Dashboard);

describe('The dashboards', () => {
  it('are seven, each with a name of its own', () => {
    expect(dashboards).toHaveLength(7);
    for (const field of ['uid', 'title'] as const) expect(new Set(dashboards.map((each) => each[field])).size).toBe(7);
  });

  it('are what their definitions say, and part of the ConfigMap', () => {
    const generator = join(import.meta.dirname, '../../tools/dashboards.mjs');
    expect(spawnSync(process.execPath, [generator, '--check'], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    const kustomization = readFileSync(join(import.meta.dirname, 'kustomization.yaml'), 'utf8');
    expect(kustomization.match(/(?<=dashboards\/)[\w-]+\.json/g)!.sort()).toEqual(files.sort());
  });

  it.each(dashboards)('$title: every panel says what it shows, and in which unit', ({ panels }) => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const { title, description, fieldConfig, targets } of panels) {
      expect(title).toMatch(/^[A-Z]/);
      expect([title, description]).toEqual([title, expect.stringMatching(/^[^]{20,}\.$/)]);
      expect(UNITS).toContain(fieldConfig.defaults.unit);
      expect(targets.length).toBeGreaterThan(0);
      for (const { expr, rawSql, legendFormat } of targets) expect(rawSql ?? (expr && legendFormat)).toBeTruthy();
    }
  });

  it.each(dashboards)('$title: every query asks for metrics and labels that there are', ({ panels }) => {
    for (const expression of panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr ?? []))) {
      const read = readExpression(expression);
      expect(read.metrics.length).toBeGreaterThan(0);
      expect([expression, read.metrics.filter((name) => !metrics.has(name) && !OF_OTHERS.includes(name))]).toEqual([
        expression,
        [],
      ]);
      const known = (label: string) => labels.has(label) || LABELS_OF_OTHERS.includes(label);
      expect([expression, read.labels.filter((label) => !known(label))]).toEqual([expression, []]);
    }
  });

  it('show the figures of tenants from functions of the database, never from labels', () => {
    const sql = dashboards.flatMap(({ panels }) =>
      panels.flatMap(({ targets }) => targets.flatMap((t) => t.rawSql ?? [])),
    );
    expect(sql.length).toBeGreaterThan(0);
    for (const statement of sql) expect(statement).toMatch(/ from (chat\.tenant_usage|memory\.tenant_storage)\(/);
  });
});
