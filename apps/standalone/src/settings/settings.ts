import { appSections as chat } from '@parley/chat';
import { type ConfigSections, type Environment, type EnvVariable, loadConfig, variablesOf } from '@parley/config';
import { appSections as gateway } from '@parley/gateway';
import { appSections as ingestionWorker } from '@parley/ingestion-worker';
import { appSections as memory } from '@parley/memory';

const APPS: Record<string, ConfigSections> = { gateway, chat, memory, 'ingestion-worker': ingestionWorker };

export interface Setting extends EnvVariable {
  /** Which apps read it. */
  apps: string[];
}

/** Every setting of the suite, each once, in the order of the apps. */
export function allSettings(): Setting[] {
  const settings = new Map<string, Setting>();
  for (const [app, sections] of Object.entries(APPS)) {
    for (const variable of Object.values(sections).flatMap((section) => variablesOf(section))) {
      const known = settings.get(variable.names[0]!);
      if (known) known.apps.push(app);
      else settings.set(variable.names[0]!, { ...variable, apps: [app] });
    }
  }
  return [...settings.values()];
}

/** @throws ConfigError naming every fault for any of the apps, before one of them starts */
export function checkSettings(environment: Environment): void {
  const sections = Object.entries(APPS).flatMap(([app, own]) =>
    Object.entries(own).map(([name, section]) => [`${app}.${name}`, section]),
  );
  loadConfig(Object.fromEntries(sections) as ConfigSections, environment);
}
