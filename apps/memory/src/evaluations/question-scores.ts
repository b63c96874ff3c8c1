import { type EvaluationQuestion, type LegResult, type LegSummary, type SearchHit } from '@parley/contracts';
import { documentsInOrder, isQuotedFrom, isScorable, mean, qualityAt, quantile } from '@parley/knowledge';

/** What is expected of a question, as it is stored. */
export type Expectation = Pick<EvaluationQuestion, 'expected'> & { answer: string | null };

export type SearchScores = Omit<LegResult, 'ms' | 'isDegraded'>;

/** The fields of a hit that count. */
type Found = Pick<SearchHit, 'fileId' | 'text'>;

/** Grades by file; the same file named twice counts with its best grade. */
function judgementsOf({ expected }: Expectation): Map<string, number> {
  const grades = new Map<string, number>();
  for (const { fileId, grade } of expected) grades.set(fileId, Math.max(grade, grades.get(fileId) ?? 0));
  return grades;
}

/**
 * What one search is worth. Files rank by their best chunk; quotes and the answer are looked for in all chunks of the first
 * k files that were found.
 */
export function scoreSearch(hits: readonly Found[], expectation: Expectation, k: number): SearchScores {
  const fileIds = documentsInOrder(hits.map(({ fileId }) => fileId)).slice(0, k);
  const counted = hits.filter(({ fileId }) => fileIds.includes(fileId));
  const isFound = ({ fileId, quote }: { fileId: string; quote?: string }) =>
    quote !== undefined && counted.some((hit) => hit.fileId === fileId && isQuotedFrom(hit.text, quote));
  const { answer } = expectation;
  return {
    ...qualityAt(k, fileIds, judgementsOf(expectation)),
    fileIds,
    quotesFound: expectation.expected.filter(isFound).length,
    isAnswerFound: answer !== null && counted.some(({ text }) => isQuotedFrom(text, answer)),
  };
}

/** One leg over all questions, each with what was found for it. */
export function summariseLeg(questions: readonly { expectation: Expectation; result: LegResult }[]): LegSummary {
  const scored = questions.filter(({ expectation }) => isScorable(judgementsOf(expectation)));
  const meanOf = (measure: (result: LegResult) => number) => mean(scored.map(({ result }) => measure(result)));
  const times = questions.map(({ result }) => result.ms);
  const quotes = sum(questions, ({ expectation }) => expectation.expected.filter(({ quote }) => quote).length);
  const answers = sum(questions, ({ expectation }) => (expectation.answer === null ? 0 : 1));
  return {
    scored: scored.length,
    ndcg: meanOf(({ ndcg }) => ndcg),
    recall: meanOf(({ recall }) => recall),
    hit: meanOf(({ hit }) => hit),
    reciprocalRank: meanOf(({ reciprocalRank }) => reciprocalRank),
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    quotes: quotes === 0 ? null : { given: quotes, found: sum(questions, ({ result }) => result.quotesFound) },
    degraded: sum(questions, ({ result }) => +result.isDegraded),
    answers: answers === 0 ? null : { given: answers, found: sum(questions, ({ result }) => +result.isAnswerFound) },
  };
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
