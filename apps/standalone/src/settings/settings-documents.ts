import { type Setting } from './settings.js';

const APP_COUNT = 4;

/** `.env.example`: everything commented out but what has to be set. */
export function envExample(settings: readonly Setting[]): string {
  const entries = settings.map((setting) => {
    const [name] = setting.names;
    const value = setting.example ?? textOf(setting.default);
    const line = `${name}=${value}`;
    return `# ${setting.description}\n${isRequired(setting) ? line : `# ${line}`}`;
  });
  return `# Settings of Parley; docs/configuration.md explains them. \`npm start\` needs none of them.\n\n${entries.join('\n\n')}\n`;
}

/** The table of docs/configuration.md. */
export function configurationTable(settings: readonly Setting[]): string {
  const rows = settings.map((setting) => {
    const [name, ...others] = setting.names;
    const names = [`\`${name}\``, ...others.map((other) => `\`${other}\``)].join('<br>');
    const apps = setting.apps.length === APP_COUNT ? 'all' : setting.apps.join(', ');
    const fallback = isRequired(setting)
      ? '**required**'
      : setting.default === undefined
        ? ''
        : `\`${textOf(setting.default)}\``;
    return `| ${names} | ${setting.description.replaceAll('|', '\\|')}${setting.secret ? ' (secret)' : ''} | ${fallback} | ${apps} |`;
  });
  return [
    '# Settings',
    '',
    'Every setting is an environment variable, read once at the start; all faults are reported together. A secret may come',
    'from a file: `JWT_SECRET_FILE` is the path of what `JWT_SECRET` would be. Where several names stand in a row, the first is',
    'the name and the others are understood as well. `npm start` chooses the required ones itself.',
    '',
    '| Name | Meaning | Default | Read by |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    '`npm start` also reads `PARLEY_DATA_DIR` (default `.parley`), the folder in which it keeps everything.',
    '',
  ].join('\n');
}

function isRequired({ default: fallback, optional }: Setting): boolean {
  return fallback === undefined && !optional;
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return Array.isArray(value) ? value.join(',') : String(value);
}
