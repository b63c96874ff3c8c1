import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** Writes docker/grafana/dashboards/*.json from *.yaml beside them; with `--check` only says whether they are up to date. */
const FOLDER = fileURLToPath(new URL('../docker/grafana/dashboards/', import.meta.url));
const COLUMNS = 24;
const [WIDTH, HEIGHT] = [8, 8];

const PROMETHEUS = { type: 'prometheus', uid: '${prometheus}' };
const POSTGRES = { type: 'grafana-postgresql-datasource', uid: '${postgres}' };

const isCheck = process.argv.includes('--check');
for (const file of readdirSync(FOLDER).filter((each) => each.endsWith('.yaml'))) {
  const name = file.replace('.yaml', '');
  const path = join(FOLDER, `${name}.json`);
  const dashboard = dashboardOf(name, parse(readFileSync(join(FOLDER, file), 'utf8')));
  const text = `${JSON.stringify(dashboard, null, 1)}\n`;
  if (!isCheck) {
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    process.stderr.write(`${name}.json is out of date: npm run generate\n`);
    process.exitCode = 1;
  }
}

function dashboardOf(name, { title, description, panels }) {
  const sources = [['prometheus', PROMETHEUS], ...(panels.some(({ sql }) => sql) ? [['postgres', POSTGRES]] : [])];
  return {
    uid: `parley-${name}`,
    title: `Parley / ${title}`,
    description,
    tags: ['parley'],
    editable: false,
    schemaVersion: 39,
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    links: [{ type: 'dashboards', tags: ['parley'], title: 'Parley', asDropdown: true, keepTime: true }],
    templating: { list: sources.map(([source, { type }]) => ({ name: source, type: 'datasource', query: type })) },
    panels: panels.map(panelOf),
  };
}

function panelOf({ title, description, unit, type = 'timeseries', queries = {}, sql }, index) {
  const perRow = COLUMNS / WIDTH;
  const datasource = sql ? POSTGRES : PROMETHEUS;
  return {
    id: index + 1,
    title,
    description,
    type,
    datasource,
    gridPos: { x: (index % perRow) * WIDTH, y: Math.floor(index / perRow) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: {
      defaults: { unit, ...(type === 'timeseries' ? { min: 0, custom: { fillOpacity: 10 } } : {}) },
      overrides: [],
    },
    targets: sql
      ? [{ refId: 'A', datasource, format: 'table', rawQuery: true, rawSql: sql }]
      : Object.entries(queries).map(([legendFormat, expr], query) => ({
          refId: 'ABCDEF'[query],
          datasource,
          expr,
          legendFormat,
        })),
  };
}
