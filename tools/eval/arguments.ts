import { parseArgs } from 'node:util';

export const LEGS = ['lexical', 'vector', 'hybrid'] as const;
export type Leg = (typeof LEGS)[number];

export interface EvalOptions {
  /** Names or folders; `all` is every set of the collections folder. */
  sets: string[];
  collections: string;
  qrels: string;
  legs: Leg[];
  /** Null is no baseline. */
  baseline: 'bm25' | null;
  /** The first so many queries; null is all. */
  limit: number | null;
  json: boolean;
  answers: boolean;
  /** Null runs a suite of its own. */
  target: { url: string; apiKey: string } | null;
  keep: boolean;
  dataDir: string;
  deadlineMinutes: number;
}

/** The command line is at fault. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Usage: npm run eval -- --set <name or folder> [options]
Indexes a judged collection through the public API, asks its questions, and says how good the answers are.

  --set <set>          a folder with corpus.jsonl, queries.jsonl and qrels.tsv, or the name of one in the collections
                       folder; may be repeated; "all" is every set there
  --collections <dir>  the collections folder (../shared/data/retrieval)
  --qrels <name>       another file of judgements than qrels.tsv
  --legs <list>        of lexical, vector and hybrid, set apart by commas (all three)
  --baseline <name>    bm25 (a plain BM25 over the same texts, in this process) or none (bm25)
  --limit <number>     ask only the first so many questions
  --answers            ask the chat too, and check every citation of its answers
  --json               print JSON instead of a table
  --url <url>          evaluate a running installation instead of one started for this
  --api-key <key>      for it (or PARLEY_API_KEY)
  --keep               keep what was indexed, and use it again next time
  --data-dir <dir>     where the installation started for this keeps its data with --keep (.parley/eval)
  --deadline <min>     give up when a set is not indexed after so many minutes (60)

A set: corpus.jsonl has {"id","title"?,"text"} per line, queries.jsonl {"id","text"}, qrels.tsv a header line and then
query id, document id and grade set apart by tabs; a grade above 0 is relevant. Progress goes to standard error.
Exit codes: 0 done, 1 the evaluation failed, 2 the command line or a set is at fault.`;

const STRING = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;
const OPTIONS = {
  set: { type: 'string', multiple: true },
  collections: { type: 'string', default: '../shared/data/retrieval' },
  qrels: { type: 'string', default: 'qrels' },
  legs: { type: 'string', default: LEGS.join(',') },
  baseline: { type: 'string', default: 'bm25' },
  limit: STRING,
  answers: FLAG,
  json: FLAG,
  url: STRING,
  'api-key': STRING,
  keep: FLAG,
  'data-dir': { type: 'string', default: '.parley/eval' },
  deadline: { type: 'string', default: '60' },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

/** Null when only help was asked for. @throws UsageError */
export function parseEvalArguments(args: string[], environment: NodeJS.ProcessEnv): EvalOptions | null {
  const values = parsed(args);
  if (values.help) return null;
  const sets = values.set ?? [];
  if (sets.length === 0) throw new UsageError('--set is missing.');
  if (values.qrels.includes('/')) throw new UsageError('--qrels is the name of a file in the folder of the set.');
  return {
    sets,
    collections: values.collections,
    qrels: values.qrels,
    legs: legsOf(values.legs),
    baseline: baselineOf(values.baseline),
    limit: values.limit === undefined ? null : positive('limit', values.limit),
    json: values.json,
    answers: values.answers,
    target: targetOf(values.url, values['api-key'] ?? environment['PARLEY_API_KEY']),
    keep: values.keep,
    dataDir: values['data-dir'],
    deadlineMinutes: positive('deadline', values.deadline),
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]!);
  }
}

function legsOf(list: string): Leg[] {
  const named = list.split(',').map((name) => name.trim());
  const unknown = named.find((name) => !(LEGS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new UsageError(`--legs knows ${LEGS.join(', ')}, not ${JSON.stringify(unknown)}.`);
  return LEGS.filter((leg) => named.includes(leg));
}

function baselineOf(name: string): 'bm25' | null {
  if (name === 'none') return null;
  if (name !== 'bm25') throw new UsageError(`--baseline knows bm25 and none, not ${JSON.stringify(name)}.`);
  return name;
}

function positive(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${option} must be a whole number above 0.`);
  return Number(text);
}

function targetOf(url: string | undefined, apiKey: string | undefined): EvalOptions['target'] {
  if (url === undefined) return null;
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError('--url must be an http or https address.');
  if (!apiKey) throw new UsageError('--url needs an API key: --api-key or PARLEY_API_KEY.');
  return { url: url.replace(/\/+$/, ''), apiKey };
}
