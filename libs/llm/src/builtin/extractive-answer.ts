import { type Passage } from '../chat-provider.js';
import { isStopword, termsOf } from './lexical.js';
import { sentencesOf } from './sentences.js';

const MAX_SENTENCES = 3;
const MAX_SENTENCE_LENGTH = 500;
/** Of the question's weight: less is a coincidence. */
const MIN_COVERAGE = 0.25;
/** Long questions contain much that no sentence repeats: so many average terms are enough. */
const ENOUGH_TERMS = 2.5;
/** A further sentence must be nearly as good as the best. */
const MIN_RATIO = 0.6;

interface Sentence {
  text: string;
  passage: number;
  stems: Set<string>;
}

/**
 * The one to three sentences of the passages that share most with the question, each followed by the marker of its
 * passage; null when none shares enough. Terms count by their rarity among the sentences (idf).
 */
export function extractAnswer(question: string, passages: Passage[]): string | null {
  const asked = stemsOf(question);
  const sentences = distinct(passages.flatMap(readPassage));
  if (asked.size === 0 || sentences.length === 0) return null;

  const weights = weigh(asked, sentences);
  const total = sum(weights.values());
  const enough = Math.min(total * MIN_COVERAGE, (total / weights.size) * ENOUGH_TERMS);
  const ranked = sentences
    .map((sentence) => ({
      sentence,
      score: sum([...weights].map(([stem, weight]) => (sentence.stems.has(stem) ? weight : 0))),
    }))
    .sort((a, b) => b.score - a.score);

  const best = ranked[0]?.score ?? 0;
  const chosen = ranked.filter(({ score }) => score >= enough && score >= best * MIN_RATIO).slice(0, MAX_SENTENCES);
  if (chosen.length === 0) return null;
  return chosen.map(({ sentence }) => `${shorten(sentence.text)} [${sentence.passage}]`).join(' ');
}

function readPassage({ index, text }: Passage): Sentence[] {
  return sentencesOf(text).map((sentence) => ({ text: sentence, passage: index, stems: stemsOf(sentence) }));
}

/** Neighbouring chunks overlap: a sentence counts once, for the better-ranked passage. */
function distinct(sentences: Sentence[]): Sentence[] {
  return [...new Map(sentences.toReversed().map((sentence) => [sentence.text, sentence])).values()].toReversed();
}

function weigh(asked: Set<string>, sentences: Sentence[]): Map<string, number> {
  return new Map(
    [...asked].map((stem) => {
      const containing = sentences.filter(({ stems }) => stems.has(stem)).length;
      return [stem, Math.log(1 + sentences.length / (containing + 1))];
    }),
  );
}

/** What is left of a word when its commonest endings are gone: crude, and enough to match `traces` with `tracing`. */
function stemsOf(text: string): Set<string> {
  const telling = termsOf(text).filter((term) => !isStopword(term));
  return new Set(
    telling.map((term) =>
      term.unspaced ? term.text : term.text.replace(/(?<=...)(ings?|ed|es|s|e|en|er)$/, '').slice(0, 7),
    ),
  );
}

function shorten(sentence: string): string {
  if (sentence.length <= MAX_SENTENCE_LENGTH) return sentence;
  return `${sentence.slice(0, MAX_SENTENCE_LENGTH).replace(/\s+\S*$/, '')} …`;
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
