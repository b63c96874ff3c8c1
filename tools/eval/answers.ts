import { isQuotedFrom, mean, quantile } from '@parley/knowledge';
import { type ApiClient } from './api-client.js';
import { documentsOf, type IndexedCorpus } from './indexed-corpus.js';
import { type JudgedSet, type SetQuery } from './judged-set.js';
import { type Progress } from './progress.js';
import { type Latency } from './retrieval.js';

/** How the chat answers, and whether its citations hold. Shares are from 0 to 1. */
export interface AnswersResult {
  questions: number;
  /** Of the answers. */
  withCitations: number;
  /** Of the answers: at least one cited file is among the relevant ones. */
  withExpectedFile: number;
  citations: number;
  /** Of the citations: the installation finds the quote in the chunk, and the chunk in the file. */
  verified: number;
  /** Of the citations: the quote stands word for word in the original that was uploaded. */
  literal: number;
  /** Of the citations: the cited file is among the relevant ones. */
  expected: number;
  ms: Latency;
}

interface Citation {
  filename: string;
  quote: string;
  state: 'verified' | 'changed' | 'deleted';
}

interface Completion {
  conversation_id: string;
}

interface Message {
  id: string;
  role: string;
}

interface Answer {
  citations: { isVerified: boolean; isLiteral: boolean; isExpected: boolean }[];
  ms: number;
}

/** Asks the chat each question over the corpus, and checks every citation twice: by the installation and by the originals. */
export async function measureAnswers(
  api: ApiClient,
  set: JudgedSet,
  queries: readonly SetQuery[],
  corpus: IndexedCorpus,
  progress: Progress,
): Promise<AnswersResult> {
  const answers: Answer[] = [];
  for (const query of queries) {
    answers.push(await ask(api, set, query, corpus));
    progress.step(`${set.name}: answered`, answers.length, queries.length);
  }
  const citations = answers.flatMap((answer) => answer.citations);
  const share = <T>(items: readonly T[], holds: (item: T) => boolean) =>
    mean(items.map((item) => (holds(item) ? 1 : 0)));
  const times = answers.map(({ ms }) => ms);
  return {
    questions: answers.length,
    withCitations: share(answers, (answer) => answer.citations.length > 0),
    withExpectedFile: share(answers, (answer) => answer.citations.some(({ isExpected }) => isExpected)),
    citations: citations.length,
    verified: share(citations, ({ isVerified }) => isVerified),
    literal: share(citations, ({ isLiteral }) => isLiteral),
    expected: share(citations, ({ isExpected }) => isExpected),
    ms: { p50: quantile(times, 0.5), p95: quantile(times, 0.95) },
  };
}

async function ask(api: ApiClient, set: JudgedSet, query: SetQuery, corpus: IndexedCorpus): Promise<Answer> {
  const startedAt = performance.now();
  const { conversation_id: id } = await api.post<Completion>('/v1/chat/completions', {
    model: 'default',
    messages: [{ role: 'user', content: query.text }],
    tools: [{ type: 'file_search', vector_store_ids: [corpus.vectorStoreId] }],
  });
  const ms = performance.now() - startedAt;
  const conversation = `/api/v1/conversations/${id}`;
  const { data: messages } = await api.get<{ data: Message[] }>(`${conversation}/messages?limit=1&order=desc`);
  const path = `${conversation}/messages/${messages[0]!.id}/citations`;
  const { data: citations } = await api.get<{ data: Citation[] }>(path);
  await api.forget(conversation);
  const relevant = set.judgements.get(query.id)!;
  return {
    ms,
    citations: citations.map(({ filename, quote, state }) => ({
      isVerified: state === 'verified',
      isLiteral: isQuotedFrom(corpus.texts[Number.parseInt(filename, 10)]?.content ?? '', quote),
      isExpected: documentsOf(filename, corpus.texts).some((document) => (relevant.get(document) ?? 0) > 0),
    })),
  };
}
