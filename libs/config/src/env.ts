import 'reflect-metadata';

/** Where settings come from. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvOptions<T> {
  /** One sentence for `.env.example` and the README. */
  description: string;
  /** Absent means required, unless `optional`. */
  default?: T;
  optional?: boolean;
  secret?: boolean;
  /** Turns the text into a value; throws with what was expected. By default the property's type decides. */
  parse?: (text: string, environment: Environment) => T;
  /** Shown in `.env.example` instead of the default. */
  example?: string;
}

export interface EnvVariable extends EnvOptions<unknown> {
  property: string;
  /** The first one is the documented name; the others are names that replaced systems use. */
  names: readonly string[];
  parse: (text: string, environment: Environment) => unknown;
}

const VARIABLES = Symbol('env-variables');

/** Binds a property of a config section to an environment variable. */
export function Env<T>(names: string | readonly string[], options: EnvOptions<T>): PropertyDecorator {
  return (target, property) => {
    const type: unknown = Reflect.getMetadata('design:type', target, property);
    const inherited: EnvVariable[] = Reflect.getOwnMetadata(VARIABLES, target.constructor) ?? [];
    const variable: EnvVariable = {
      ...options,
      property: String(property),
      names: typeof names === 'string' ? [names] : names,
      parse: options.parse ?? parserFor(type),
    };
    Reflect.defineMetadata(VARIABLES, [...inherited, variable], target.constructor);
  };
}

export function variablesOf(section: new () => object): readonly EnvVariable[] {
  return Reflect.getOwnMetadata(VARIABLES, section) ?? [];
}

function parserFor(type: unknown): (text: string) => unknown {
  if (type === Number) return parseNumber;
  if (type === Boolean) return parseBoolean;
  return (text) => text;
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Error('must be a number');
  return value;
}

export function parseBoolean(text: string): boolean {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  if (/^(false|0|no|off)$/i.test(text)) return false;
  throw new Error('must be true or false');
}

/** `a, b` or the JSON list `["a","b"]`. */
export function parseList(text: string): string[] {
  if (text.trimStart().startsWith('[')) {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list) || !list.every((item) => typeof item === 'string'))
      throw new Error('must be a list of strings');
    return list;
  }
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const BYTE_UNITS: Record<string, number> = { '': 1, B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** `10MB`, `512 KB` or plain bytes, in binary units. */
export function parseBytes(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMG]?B)?\s*$/i.exec(text);
  if (!match) throw new Error('must be a size such as 10MB');
  return Math.floor(Number(match[1]) * BYTE_UNITS[(match[2] ?? '').toUpperCase()]!);
}
