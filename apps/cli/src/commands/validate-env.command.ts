import { type ConfigSections, ConfigError, loadConfig, variablesOf } from '@parley/config';
import { Command, Option } from 'commander';
import { action } from '../action.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';
import { likelyTypos } from './likely-typos.js';

const APPS = ['gateway', 'chat', 'memory', 'ingestion-worker'] as const;
type App = (typeof APPS)[number];

export const validateEnvCommand = (terminal: Terminal): Command =>
  new Command('validate-env')
    .description('check the settings of all apps, or of one, and name every fault; nothing is started')
    .addOption(new Option('--app <name>', 'only what this app reads').choices(APPS))
    .action(
      action(terminal, async ({ terminal: { environment } }, { app }: { app?: App }) => {
        const sections = await sectionsOf(app === undefined ? APPS : [app]);
        const known = Object.values(sections).flatMap((section) => variablesOf(section).flatMap(({ names }) => names));
        const warnings = likelyTypos(Object.keys(environment), known).map(
          ({ name, meant }) => `${name} is not read by any app; is ${meant} meant?`,
        );
        const faults = faultsOf(sections, environment);
        const told = [
          faults.length === 0 ? 'The settings are complete and valid.' : `Faults:\n${bullets(faults)}`,
          ...(warnings.length > 0 ? [`Warnings:\n${bullets(warnings)}`] : []),
        ];
        const exitCode = faults.length > 0 ? EXIT.findings : EXIT.done;
        return { text: told.join('\n'), data: { valid: faults.length === 0, faults, warnings }, exitCode };
      }),
    );

const bullets = (lines: readonly string[]) => lines.map((line) => `  - ${line}`).join('\n');

function faultsOf(sections: ConfigSections, environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(sections, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** Loading an app takes a second: only those that are asked for. */
async function sectionsOf(apps: readonly App[]): Promise<ConfigSections> {
  const load: Record<App, () => Promise<{ appSections: ConfigSections }>> = {
    gateway: () => import('@parley/gateway'),
    chat: () => import('@parley/chat'),
    memory: () => import('@parley/memory'),
    'ingestion-worker': () => import('@parley/ingestion-worker'),
  };
  const sections: ConfigSections = {};
  for (const app of apps) {
    const { appSections } = await load[app]();
    for (const [name, section] of Object.entries(appSections)) sections[`${app}.${name}`] = section;
  }
  return sections;
}
