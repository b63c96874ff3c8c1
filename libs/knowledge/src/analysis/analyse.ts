import { countStopwords } from './detect-language.js';
import { type Language, LANGUAGE_RULES, LANGUAGES } from './languages.js';
import { wordsOf } from './words.js';

const MAX_TERM_CHARACTERS = 64;
/** A longer query is a pasted text: its first words say what it is about, and the database's work stays bounded. */
const MAX_QUERY_WORDS = 128;
/** One alone may be a word of another language: "die casting". */
const MIN_STOPWORDS = 2;

/** Turkish lower-cases I differently; the rest follow Unicode's default. */
const localeOf = (language: Language) => (language === 'tr' ? 'tr' : 'en');

/**
 * Text as the terms under which it is found, in order, repeats included: the one analyser for documents and queries.
 * Unicode words after NFKC and lower-casing, without the language's stopwords, stemmed (Snowball); pairs of characters for
 * scripts without spaces. With `und`, the default, words are kept as they are.
 */
export function analyse(text: string, language: Language = 'und'): string[] {
  return termsOf(wordsOf(text, localeOf(language)), language, new Set());
}

function termsOf(
  words: Iterable<{ text: string; pair: boolean }>,
  language: Language,
  ignored: ReadonlySet<string>,
): string[] {
  const { stem, stopwords } = LANGUAGE_RULES[language];
  const terms: string[] = [];
  const isStopword = (word: string) => stopwords.has(word) || ignored.has(word);
  for (const { text, pair } of words) {
    if (pair) terms.push(text);
    else if (!isStopword(text)) {
      for (const part of partsOf(text)) if (!isStopword(part)) terms.push(bounded(stem(part)));
    }
  }
  return terms.filter((term) => term !== '');
}

/** `l'avion` and `aircraft's` without the letter that the apostrophe sets off. */
function partsOf(word: string): string[] {
  const parts = word.split("'");
  return parts.length === 1 ? parts : parts.filter((part) => part.length > 1);
}

function bounded(term: string): string {
  return term.length <= MAX_TERM_CHARACTERS ? term : [...term].slice(0, MAX_TERM_CHARACTERS).join('');
}

export interface QueryTerm {
  term: string;
  /** How often the term occurs in the query. */
  count: number;
  /** Languages whose analysis of the query gives this term that often. */
  languages: Language[];
}

/**
 * A query as terms for every language a knowledge base may hold: the search takes those of the languages that are there.
 * A query is too short to tell its language reliably, so its words are stemmed by all of them; the words that are
 * stopwords in the language that knows most of them as such are dropped for all, or they would find the few documents
 * in which they are rare.
 */
export function analyseQuery(query: string): QueryTerm[] {
  const ignored = stopwordsOfQuery(query);
  const terms = new Map<string, QueryTerm>();
  for (const language of LANGUAGES) {
    const words = [...wordsOf(query, localeOf(language))].slice(0, MAX_QUERY_WORDS);
    for (const [term, count] of countOf(termsOf(words, language, ignored))) {
      const key = `${count} ${term}`;
      const known = terms.get(key);
      if (known === undefined) terms.set(key, { term, count, languages: [language] });
      else known.languages.push(language);
    }
  }
  return [...terms.values()];
}

function stopwordsOfQuery(query: string): Set<string> {
  const words = Array.from(wordsOf(query), (word) => word.text).slice(0, MAX_QUERY_WORDS);
  const ignored = new Set<string>();
  const counts = countStopwords(words);
  for (const { language, hits } of counts) {
    if (hits < Math.max(counts[0]!.hits, MIN_STOPWORDS)) break;
    const { stopwords } = LANGUAGE_RULES[language];
    for (const word of words) if (stopwords.has(word)) ignored.add(word);
  }
  const meaningful = words.some((word) => !ignored.has(word));
  return meaningful ? ignored : new Set();
}

/** How often each term occurs. */
export function countOf(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
