/** A stretch of a text: `text.slice(start, end)`. */
interface Span {
  start: number;
  end: number;
}

export interface Quote {
  /** Stands literally in the passage. */
  text: string;
  /** 0 to 1: how much of what the sentence says, by weight of its words, the quote says too. */
  coverage: number;
  /** Words that the sentence and the quote share, words of every second sentence not counted. */
  sharedWords: number;
}

const MAX_QUOTE_LENGTH = 300;
const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const words = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Words as they are compared: lower case, in any script. */
export function wordsOf(text: string): Set<string> {
  const found = new Set<string>();
  for (const { segment, isWordLike } of words.segment(text)) {
    if (isWordLike) found.add(segment.normalize('NFKC').toLowerCase());
  }
  return found;
}

/** The sentences of a text with the white space around them left out. */
export function sentenceSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const { segment, index } of sentences.segment(text)) {
    const lead = segment.length - segment.trimStart().length;
    const length = segment.trim().length;
    if (length > 0) spans.push({ start: index + lead, end: index + lead + length });
  }
  return spans;
}

interface Unit extends Span {
  words: Set<string>;
}

/**
 * A passage, prepared for finding the sentences that an answer rests on. Words weigh by how rare they are among the
 * passage's sentences (inverse sentence frequency), so that no list of stop words is needed in any language.
 */
export class QuotablePassage {
  readonly #units: Unit[];
  readonly #frequencies = new Map<string, number>();

  constructor(readonly text: string) {
    this.#units = sentenceSpans(text)
      .flatMap((span) => cutLongSpan(text, span))
      .map((span) => ({ ...span, words: wordsOf(text.slice(span.start, span.end)) }));
    for (const unit of this.#units) {
      for (const word of unit.words) this.#frequencies.set(word, (this.#frequencies.get(word) ?? 0) + 1);
    }
  }

  /** 0 to 1: how much of what the words say stands anywhere in the passage. Cheap, and no quote covers more. */
  coverage(wanted: ReadonlySet<string>): number {
    const known = [...wanted].filter((word) => this.#frequencies.has(word));
    return known.length === 0 ? 0 : this.#weightOf(known) / this.#weightOf(wanted);
  }

  /** The neighbouring sentences, 300 characters at most, that say most of the words of a sentence in fewest other words. */
  bestQuote(wanted: ReadonlySet<string>): Quote {
    const wantedWeight = this.#weightOf(wanted);
    let best: Quote = { text: this.#slice(0, 0), coverage: 0, sharedWords: 0 };
    let bestScore = 0;
    for (let from = 0; from < this.#units.length; from++) {
      const said = new Overlap(wanted, (word) => this.#weight(word));
      for (let to = from; to < this.#units.length && this.#length(from, to) <= MAX_QUOTE_LENGTH; to++) {
        said.add(this.#units[to]!.words);
        const score = (2 * said.sharedWeight) / (wantedWeight + said.weight);
        if (score <= bestScore) continue;
        bestScore = score;
        const sharedWords = said.shared.filter((word) => this.#isTelling(word)).length;
        best = { text: this.#slice(from, to), coverage: said.sharedWeight / wantedWeight, sharedWords };
      }
    }
    return best;
  }

  #length(from: number, to: number): number {
    return this.#units[to]!.end - this.#units[from]!.start;
  }

  #slice(from: number, to: number): string {
    if (this.#units.length === 0) return '';
    return this.text.slice(this.#units[from]!.start, this.#units[to]!.end);
  }

  #isTelling(word: string): boolean {
    return (this.#frequencies.get(word) ?? 0) <= Math.max(1, this.#units.length / 2);
  }

  #weightOf(words: Iterable<string>): number {
    let sum = 0;
    for (const word of words) sum += this.#weight(word);
    return sum;
  }

  #weight(word: string): number {
    return Math.log(1 + this.#units.length / (this.#frequencies.get(word) ?? 1));
  }
}

/** What a growing stretch of sentences has in common with the wanted words. */
class Overlap {
  readonly #seen = new Set<string>();
  readonly shared: string[] = [];
  weight = 0;
  sharedWeight = 0;

  constructor(
    private readonly wanted: ReadonlySet<string>,
    private readonly weightOf: (word: string) => number,
  ) {}

  add(words: Iterable<string>): void {
    for (const word of words) {
      if (this.#seen.has(word)) continue;
      this.#seen.add(word);
      this.weight += this.weightOf(word);
      if (!this.wanted.has(word)) continue;
      this.shared.push(word);
      this.sharedWeight += this.weightOf(word);
    }
  }
}

/** A table row or a text without full stops is one endless sentence: it is cut at white space. */
function cutLongSpan(text: string, { start, end }: Span): Span[] {
  const spans: Span[] = [];
  let from = start;
  while (end - from > MAX_QUOTE_LENGTH) {
    const window = text.slice(from, from + MAX_QUOTE_LENGTH);
    const space = window.search(/\s\S*$/);
    const to = from + (space > 0 ? space : MAX_QUOTE_LENGTH);
    spans.push({ start: from, end: to });
    from = to + (text.slice(to).length - text.slice(to).trimStart().length);
  }
  if (end > from) spans.push({ start: from, end });
  return spans;
}
