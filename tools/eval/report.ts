import { type AnswersResult } from './answers.js';
import { type LegResult, type Quality } from './retrieval.js';

export interface SetReport {
  set: string;
  qrels: string;
  documents: number;
  queries: number;
  indexingMs: number;
  isReused: boolean;
  failures: Record<string, number>;
  legs: LegResult[];
  baseline: Quality | null;
  /** Null when the chat was not asked. */
  answers: AnswersResult | null;
}

const MEASURES = ['ndcg10', 'recall10', 'hit5'] as const;
const HEADER = ['', 'nDCG@10', 'Recall@10', 'hit@5', 'p50 ms', 'p95 ms', 'vs BM25'];
const WIDTHS = [10, 9, 9, 9, 8, 8, 9];

/** What a person reads. */
export function reportText(report: SetReport): string {
  const rows = report.legs.map(({ leg, ms, ...quality }) => {
    const ratio = report.baseline ? ratioOf(quality, report.baseline) : '';
    return row([leg, ...scores(quality), ms.p50.toFixed(1), ms.p95.toFixed(1), ratio]);
  });
  const baseline = report.baseline ? [row(['BM25', ...scores(report.baseline), '', '', ''])] : [];
  return [headline(report), row(HEADER), ...rows, ...baseline, ...answerLines(report.answers)].join('\n');
}

function answerLines(answers: AnswersResult | null): string[] {
  if (!answers) return [];
  const { questions, citations, ms } = answers;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `answers: ${questions} in ${ms.p50.toFixed(0)} ms (p95 ${ms.p95.toFixed(0)}), ${percent(answers.withCitations)} with citations, ${percent(answers.withExpectedFile)} citing a relevant document`,
    `citations: ${citations}, ${percent(answers.verified)} verified, ${percent(answers.literal)} literal in the original, ${percent(answers.expected)} of a relevant document`,
  ];
}

function headline({ set, qrels, documents, queries, indexingMs, isReused, failures }: SetReport): string {
  const indexed = isReused ? 'indexed before' : `indexed in ${(indexingMs / 1000).toFixed(1)} s`;
  const notes = Object.entries(failures).map(([code, count]) => `, ${count} not indexed (${code})`);
  return `${set} (${qrels}): ${documents} documents ${indexed}, ${queries} scored questions${notes.join('')}`;
}

function scores(quality: Quality): string[] {
  return MEASURES.map((measure) => quality[measure].toFixed(4));
}

/** Of nDCG; a baseline that finds nothing is no measure. */
function ratioOf(quality: Quality, baseline: Quality): string {
  return baseline.ndcg10 === 0 ? '' : `${(quality.ndcg10 / baseline.ndcg10).toFixed(3)} ×`;
}

function row(cells: string[]): string {
  return cells
    .map((cell, column) => (column === 0 ? cell.padEnd(WIDTHS[0]!) : cell.padStart(WIDTHS[column]!)))
    .join(' ')
    .trimEnd();
}
