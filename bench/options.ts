import { parseArgs } from 'node:util';

export type BenchOptions = Record<string, string | boolean | undefined>;

/** @throws Error with a readable message for an option that there is not */
export function readOptions(args: string[], values: string[], flags: string[] = []): BenchOptions {
  const options = Object.fromEntries([
    ...values.map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ]) as Record<string, { type: 'string' | 'boolean' }>;
  return parseArgs({ args, options }).values;
}

export function integerOption(options: BenchOptions, name: string, fallback: number): number {
  const text = options[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1, not ${text}`);
  return value;
}
