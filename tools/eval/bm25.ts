import { analyse, detectLanguage, type Language } from '@parley/knowledge';

const K1 = 1.2;
const B = 0.75;

interface Posting {
  document: number;
  count: number;
}

/**
 * BM25 in memory, as a textbook has it, over whole documents: what a search has to beat. It shares nothing with the
 * search but the words: the same stems and stopwords of one language for the whole collection.
 */
export class Bm25 {
  readonly #postings = new Map<string, Posting[]>();
  readonly #lengths: number[] = [];
  readonly #averageLength: number;
  readonly #language: Language;

  constructor(texts: readonly string[]) {
    this.#language = detectLanguage(texts.join('\n'));
    for (const [document, text] of texts.entries()) {
      const terms = analyse(text, this.#language);
      this.#lengths.push(terms.length);
      for (const [term, count] of countsOf(terms)) {
        const postings = this.#postings.get(term);
        if (postings) postings.push({ document, count });
        else this.#postings.set(term, [{ document, count }]);
      }
    }
    this.#averageLength = this.#lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, texts.length);
  }

  /** Positions of the documents that share a word with the query, best first, of equals the earlier first. */
  rank(query: string, limit: number): number[] {
    const scores = new Map<number, number>();
    for (const [term, queryCount] of countsOf(analyse(query, this.#language))) {
      const postings = this.#postings.get(term) ?? [];
      const idf = Math.log(1 + (this.#lengths.length - postings.length + 0.5) / (postings.length + 0.5));
      for (const { document, count } of postings) {
        const norm = K1 * (1 - B + (B * this.#lengths[document]!) / this.#averageLength);
        const score = (queryCount * idf * count * (K1 + 1)) / (count + norm);
        scores.set(document, (scores.get(document) ?? 0) + score);
      }
    }
    return [...scores]
      .sort(([one, a], [other, b]) => b - a || one - other)
      .slice(0, limit)
      .map(([document]) => document);
  }
}

function countsOf(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
