import { readFileSync } from 'node:fs';
import { validateSync, type ValidationError } from 'class-validator';
import { type Environment, type EnvVariable, variablesOf } from './env.js';

type SectionClass = new () => object;
export type ConfigSections = Record<string, SectionClass>;
export type ConfigOf<S extends ConfigSections> = { readonly [K in keyof S]: Readonly<InstanceType<S[K]>> };

/** A section may check what no single variable shows, such as rules for production. */
export interface SelfChecking {
  faults(environment: Environment): string[];
}

/** All faults of an environment in one message: nobody should have to start five times to find five typing errors. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly string[]) {
    super(
      `The configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.map((f) => `  - ${f}`).join('\n')}`,
    );
  }
}

/**
 * Reads the environment once into validated, frozen sections.
 * @throws ConfigError naming every missing or wrong variable
 */
export function loadConfig<S extends ConfigSections>(sections: S, environment: Environment): ConfigOf<S> {
  const faults: string[] = [];
  const loaded = Object.entries(sections).map(([key, section]) => [key, loadSection(section, environment, faults)]);
  if (faults.length > 0) throw new ConfigError([...new Set(faults)]);
  return Object.freeze(Object.fromEntries(loaded)) as ConfigOf<S>;
}

function loadSection(section: SectionClass, environment: Environment, faults: string[]): object {
  const instance = new section() as Record<string, unknown>;
  const variables = variablesOf(section);
  const unread = new Set<string>();
  for (const variable of variables) {
    try {
      instance[variable.property] = readVariable(variable, environment);
    } catch (error) {
      unread.add(variable.property);
      faults.push(`${variable.names[0]} ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const error of validateSync(instance)) {
    if (!unread.has(error.property)) faults.push(...describeValidation(error, variables));
  }
  if (unread.size === 0 && isSelfChecking(instance)) faults.push(...instance.faults(environment));
  return Object.freeze(instance);
}

function readVariable(variable: EnvVariable, environment: Environment): unknown {
  for (const name of variable.names) {
    const text = environment[name] || (variable.secret && secretFile(name, environment));
    if (text) return variable.parse(text, environment);
  }
  if (variable.default === undefined && !variable.optional) throw new Error(`is required: ${variable.description}`);
  return variable.default;
}

/** Docker and Kubernetes mount secrets as files: `JWT_SECRET_FILE` is the path of what `JWT_SECRET` would be. */
function secretFile(name: string, environment: Environment): string | undefined {
  const path = environment[`${name}_FILE`];
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new Error(`cannot be read from ${name}_FILE: ${(error as Error).message}`, { cause: error });
  }
}

function describeValidation(error: ValidationError, variables: readonly EnvVariable[]): string[] {
  const name = variables.find((variable) => variable.property === error.property)?.names[0] ?? error.property;
  return Object.values(error.constraints ?? {}).map((message) =>
    message.replace(new RegExp(`^(each value in )?${error.property}`), `$1${name}`),
  );
}

function isSelfChecking(section: object): section is object & SelfChecking {
  return 'faults' in section && typeof section.faults === 'function';
}
