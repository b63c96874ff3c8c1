import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { parse } from 'yaml';
import { type Environment } from '../env.js';
import { ModelsFile } from './models-file.schema.js';

/** Always there, whether or not it is the one that answers. */
export const BUILTIN_PROVIDER = 'builtin';
/** The one that the `OPENAI_…` settings describe, when the file declares none. */
export const ENVIRONMENT_PROVIDER = 'openai';

const MAX_FAULTS = 10;
/** A file that is being mended is not worth more than the beginning of its parser's complaint. */
const MAX_COMPLAINT = 200;

/** @throws Error naming the faults: of reading, of syntax, or of content */
export function readModelsFile(path: string, environment: Environment): ModelsFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`names a file that cannot be read (${(error as NodeJS.ErrnoException).code}): ${path}`, {
      cause: error,
    });
  }
  return parseModels(text, environment);
}

/** YAML, of which JSON is a part. @throws Error naming the faults of syntax or of content */
export function parseModels(text: string, environment: Environment): ModelsFile {
  let plain: unknown;
  try {
    plain = parse(text);
  } catch (error) {
    throw new Error(`is neither YAML nor JSON: ${(error as Error).message.slice(0, MAX_COMPLAINT)}`, { cause: error });
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    throw new Error('must hold providers, models or prices');
  }
  const file = plainToInstance(ModelsFile, plain);
  const shape = validateSync(file, { whitelist: true, forbidNonWhitelisted: true }).flatMap((error) =>
    described(error),
  );
  refuse(shape);
  refuse(contradictionsIn(file, environment));
  for (const provider of file.providers ?? []) provider.apiKey = environment[provider.api_key_env ?? ''];
  return file;
}

function refuse(faults: string[]): void {
  if (faults.length > 0) throw new Error(`has faults: ${faults.slice(0, MAX_FAULTS).join('; ')}`);
}

function described({ property, constraints = {}, children = [] }: ValidationError, within = ''): string[] {
  const path = `${within}${property}`;
  const own = Object.entries(constraints).map(([rule, message]) => {
    if (rule !== 'whitelistValidation') return `${within}${message}`;
    return `${path} is not known${property === 'api_key' ? ': name an environment variable in api_key_env' : ''}`;
  });
  return [...own, ...children.flatMap((child) => described(child, `${path}.`))];
}

function contradictionsIn(file: ModelsFile, environment: Environment): string[] {
  const { providers = [], models = [], prices = [] } = file;
  const names = providers.map(({ name }) => name);
  const known = new Set([...(providers.length > 0 ? names : [ENVIRONMENT_PROVIDER]), BUILTIN_PROVIDER]);
  const targets = models.flatMap(({ name, targets: own }) => own.map(({ provider }) => ({ name, provider })));
  return [
    ...repeated(names).map((name) => `provider ${name} is declared twice`),
    ...repeated(models.map(({ name }) => name)).map((name) => `model ${name} is declared twice`),
    ...repeated(prices.map(({ provider, model }) => `${provider}/${model}`)).map((name) => `${name} has two prices`),
    ...names.filter((name) => name === BUILTIN_PROVIDER).map(() => `provider ${BUILTIN_PROVIDER} is there anyway`),
    ...providers
      .filter(({ api_key_env: variable }) => variable !== undefined && !environment[variable])
      .map(
        ({ name, api_key_env }) => `provider ${name} needs the environment variable ${api_key_env}, which is not set`,
      ),
    ...targets
      .filter(({ provider }) => !known.has(provider))
      .map(({ name, provider }) => `model ${name} names the provider ${provider}, which is not declared`),
    ...defaultFault(file),
  ];
}

function defaultFault({ providers = [], models = [], default_model: chosen }: ModelsFile): string[] {
  if (chosen === undefined) {
    const isMissing = providers.length > 0 && models.length === 0;
    return isMissing ? ['default_model is needed where no models are declared'] : [];
  }
  if (providers.length === 0 || models.some(({ name }) => name === chosen)) return [];
  const isListed = providers.some(({ name, all_models }) => all_models && chosen.startsWith(`${name}/`));
  return isListed ? [] : [`default_model ${chosen} is none of the models, and none of a provider with all_models`];
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
