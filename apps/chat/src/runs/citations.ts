import { type FileCitation, type SearchHit } from '@parley/contracts';
import { QuotablePassage, sentenceSpans, wordsOf } from './quotes.js';

/** `[1]`, and lists as some models write them: `[1, 2]`. */
const MARKER = /\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;

/** Without a marker a sentence is taken to rest on a passage that says most of it, in several words of its own. */
const CLEAR_COVERAGE = 0.5;
const CLEAR_SHARED_WORDS = 3;

/**
 * Ties an answer to the passages it rests on. Passages count from 1 in the order in which the prompt numbered them; numbers
 * that no passage has are ignored. An answer without markers cites each passage that it clearly repeats once.
 */
export function citationsOf(answer: string, passages: readonly SearchHit[]): FileCitation[] {
  if (passages.length === 0 || answer === '') return [];
  const markers = markersOf(answer, passages.length);
  const sentences = sentencesOf(withoutMarkers(answer));
  const sources = passages.map((passage) => new Source(passage));
  return markers.length > 0 ? markedCitations(sentences, markers, sources) : clearCitations(sentences, sources);
}

interface Marker {
  index: number;
  numbers: number[];
}

interface Sentence {
  start: number;
  end: number;
  words: Set<string>;
}

/** A passage; preparing it for quotes is work that only cited ones need. */
class Source {
  #quotable: QuotablePassage | undefined;

  constructor(readonly passage: SearchHit) {}

  get quotable(): QuotablePassage {
    return (this.#quotable ??= new QuotablePassage(this.passage.text));
  }

  citation(index: number, quote: string): FileCitation {
    const { chunkId, fileId, filename, url, score, locator } = this.passage;
    const source = { fileId, filename, ...(url === undefined ? {} : { url }) };
    return { type: 'file_citation', index, chunkId, ...source, quote, score, locator };
  }
}

function markersOf(answer: string, passageCount: number): Marker[] {
  return [...answer.matchAll(MARKER)]
    .map((match) => ({
      index: match.index,
      numbers: [...new Set(match[1]!.split(',').map(Number))].filter((n) => n >= 1 && n <= passageCount),
    }))
    .filter((marker) => marker.numbers.length > 0);
}

function markedCitations(sentences: Sentence[], markers: Marker[], sources: Source[]): FileCitation[] {
  return markers.flatMap(({ index, numbers }) => {
    const words = sentenceAt(sentences, index)?.words ?? new Set();
    return numbers.map((number) => {
      const source = sources[number - 1]!;
      return source.citation(index, source.quotable.bestQuote(words).text);
    });
  });
}

/** Markers become spaces: they say nothing, and all offsets stay as they are. */
function withoutMarkers(answer: string): string {
  return answer.replace(MARKER, (marker) => ' '.repeat(marker.length));
}

function sentencesOf(bare: string): Sentence[] {
  return sentenceSpans(bare).map(({ start, end }) => ({ start, end, words: wordsOf(bare.slice(start, end)) }));
}

/** The sentence that a marker belongs to: the one it stands in or right behind. */
function sentenceAt(sentences: Sentence[], index: number): Sentence | undefined {
  return sentences.findLast(({ start }) => start < index) ?? sentences[0];
}

function clearCitations(sentences: Sentence[], sources: Source[]): FileCitation[] {
  const citations = sources.flatMap((source) => {
    const { quotable } = source;
    const best = sentences
      .filter(({ words }) => quotable.coverage(words) >= CLEAR_COVERAGE)
      .map(({ end, words }) => ({ end, ...quotable.bestQuote(words) }))
      .filter(({ coverage, sharedWords }) => coverage >= CLEAR_COVERAGE && sharedWords >= CLEAR_SHARED_WORDS)
      .sort((a, b) => b.coverage - a.coverage)[0];
    return best ? [source.citation(best.end, best.text)] : [];
  });
  return citations.sort((a, b) => a.index - b.index);
}
