const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Full stops that end no sentence: initials, titles, and what is usually followed by a name or number. */
const ABBREVIATION = new RegExp(
  String.raw`(?:^|[\s(\[])(?:\p{Lu}|Dr|Mrs?|Ms|Prof|Sr|Jr|St|Mt|vs|e\.g|i\.e|cf|al|Figs?|Eqs?|Nos?|Vol|Sec|Ch|pp?|ca|approx|` +
    String.raw`Nr|Abs|Art|Bd|bzw|z\.\s?B|d\.\s?h|u\.\s?a|Hr|Fr|Sra?|Dra?|núm|pág|Mme|Mlle|MM|env|г|ул|стр|рис|т\.\s?е)\.["')\]]?\s*$`,
  'u',
);

/** A stretch of a text: `text.slice(start, end)`. */
export interface Span {
  start: number;
  end: number;
}

/**
 * The sentences of a paragraph, in any script, without the white space between them. A line break is no end of a
 * sentence: texts are often wrapped at a fixed width.
 */
export function sentenceSpans(text: string): Span[] {
  const spans: Span[] = [];
  let start = 0;
  for (const { index, segment } of segmenter.segment(text.replace(/\n(?!\n)/g, ' '))) {
    const end = index + segment.length;
    if (ABBREVIATION.test(segment.slice(-24)) && end < text.length) continue;
    addSpan(spans, text, start, end);
    start = end;
  }
  addSpan(spans, text, start, text.length);
  return spans;
}

/** The lines of a text that are not blank, with their indentation. */
export function lineSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < text.length;) {
    const lineFeed = text.indexOf('\n', start);
    const end = lineFeed < 0 ? text.length : lineFeed;
    if (text.slice(start, end).trim() !== '') spans.push({ start, end });
    start = end + 1;
  }
  return spans;
}

function addSpan(spans: Span[], text: string, from: number, to: number): void {
  let start = from;
  let end = to;
  while (start < end && isSpace(text, start)) start++;
  while (end > start && isSpace(text, end - 1)) end--;
  if (end > start) spans.push({ start, end });
}

function isSpace(text: string, index: number): boolean {
  return text[index] === ' ' || text[index] === '\n';
}
