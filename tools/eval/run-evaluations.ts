import { resolve } from 'node:path';
import { measureAnswers } from './answers.js';
import { ApiClient } from './api-client.js';
import { type EvalOptions } from './arguments.js';
import { Bm25 } from './bm25.js';
import { indexCorpus, type IndexedCorpus, removeCorpus } from './indexed-corpus.js';
import { type Installation, startInstallation } from './installation.js';
import { findSet, type JudgedSet, listSets, readSet, SetError, type SetQuery } from './judged-set.js';
import { type Progress } from './progress.js';
import { reportText, type SetReport } from './report.js';
import { measureBm25, measureLegs, scorableQueries } from './retrieval.js';

const ROOT = resolve(import.meta.dirname, '../..');

interface Evaluation {
  api: ApiClient;
  options: EvalOptions;
  progress: Progress;
  signal: AbortSignal;
}

/** Evaluates every set that is named and prints what came of it. @returns the exit code */
export async function runEvaluations(options: EvalOptions, progress: Progress, signal: AbortSignal): Promise<number> {
  // All sets are read before anything is indexed: a fault in the last one is told at once.
  const sets = await readSets(options);
  const installation = await reach(options, progress, signal);
  try {
    const api = new ApiClient(installation.url, installation.apiKey, signal);
    const reports: SetReport[] = [];
    for (const set of sets) {
      const report = await evaluate(set, { api, options, progress, signal });
      reports.push(report);
      if (!options.json) console.log(`${reportText(report)}\n`);
    }
    if (options.json) console.log(JSON.stringify(reports, null, 2));
    return reports.some(hasFailed) ? 1 : 0;
  } finally {
    await installation.stop();
  }
}

async function readSets(options: EvalOptions): Promise<JudgedSet[]> {
  const collections = resolve(ROOT, options.collections);
  const names = options.sets.includes('all') ? await listSets(collections) : options.sets;
  if (names.length === 0) throw new SetError(`${collections} has no sets.`);
  return Promise.all(names.map(async (name) => readSet(await findSet(name, collections), options.qrels)));
}

async function reach(
  { target, keep, dataDir }: EvalOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Installation> {
  if (target) return { ...target, stop: () => Promise.resolve() };
  progress.say('Starting Parley on embedded services …');
  return startInstallation(keep ? resolve(ROOT, dataDir) : null, signal);
}

async function evaluate(set: JudgedSet, { api, options, progress, signal }: Evaluation): Promise<SetReport> {
  const queries = scorableQueries(set, options.limit);
  if (queries.length === 0) throw new SetError(`${set.name}: no question has a relevant document.`);
  const deadlineMs = options.deadlineMinutes * 60_000;
  const index = { name: set.name, mayReuse: options.keep, deadlineMs, signal };
  const corpus = await indexCorpus(api, set.documents, progress, index);
  try {
    const legs = await measureLegs(api, set, queries, corpus, { legs: options.legs, progress });
    const answers = options.answers ? await measureAnswers(api, set, queries, corpus, progress) : null;
    const baseline = baselineOf(set, queries, options);
    return { ...describe(set, queries.length, corpus), legs, baseline, answers };
  } finally {
    // A data folder of our own is thrown away as a whole.
    if (options.target && !options.keep && !signal.aborted) await removeCorpus(api, corpus);
  }
}

function baselineOf(set: JudgedSet, queries: readonly SetQuery[], { baseline }: EvalOptions) {
  if (baseline === null) return null;
  return measureBm25(set, queries, new Bm25(set.documents.map(({ title, text }) => `${title} ${text}`)));
}

function describe(set: JudgedSet, queries: number, corpus: IndexedCorpus) {
  const { isReused, indexingMs, failures } = corpus;
  return { set: set.name, qrels: set.qrels, documents: set.documents.length, queries, indexingMs, isReused, failures };
}

/** Documents without text cannot be found and need not be; anything else that was not indexed spoils the figures. */
function hasFailed({ failures }: SetReport): boolean {
  return Object.keys(failures).some((code) => code !== 'no_text');
}
