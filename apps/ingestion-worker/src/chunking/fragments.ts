import { type Span } from './sentences.js';

/** The place behind punctuation that is followed by a space, or that needs none. */
const CLAUSE_END = /(?<=[.;:!?])(?= )|(?<=[。！？；])/gu;
const words = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * Cuts a text into parts of at most `maxTokens`: between lines or words where there are any, else anywhere but inside a
 * character. White space at a cut belongs to neither part.
 */
export function fragmentSpans(text: string, maxTokens: number, countTokens: (text: string) => number): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < text.length;) {
    while (start < text.length && /\s/.test(text[start] ?? '')) start++;
    if (start === text.length) break;
    const end = fittingEnd(text, start, maxTokens, countTokens);
    const trimmed = text.slice(start, end).trimEnd();
    spans.push({ start, end: start + trimmed.length });
    start = end;
  }
  return spans;
}

/** A token is about one character at least, so that many characters are tried first. */
function fittingEnd(text: string, start: number, maxTokens: number, countTokens: (text: string) => number): number {
  let size = Math.max(1, maxTokens);
  for (;;) {
    const end = start + size >= text.length ? text.length : cutBefore(text, start, start + size);
    if (size === 1 || countTokens(text.slice(start, end)) <= maxTokens) return end;
    size = Math.max(1, Math.floor(size / 2));
  }
}

/** The last good place for a cut in the second half of the window. */
function cutBefore(text: string, start: number, limit: number): number {
  const half = start + Math.ceil((limit - start) / 2);
  const lineEnd = text.lastIndexOf('\n', limit);
  if (lineEnd > half) return lineEnd;
  const clauseEnds = [...text.slice(half, limit).matchAll(CLAUSE_END)];
  const clauseEnd = clauseEnds.at(-1)?.index;
  if (clauseEnd !== undefined) return half + clauseEnd;
  const space = text.lastIndexOf(' ', limit);
  if (space > half) return space;
  let boundary = start;
  for (const { index } of words.segment(text.slice(start, limit))) boundary = start + index;
  if (boundary > half) return boundary;
  const isInsidePair = /[\uDC00-\uDFFF]/.test(text[limit] ?? '') && /[\uD800-\uDBFF]/.test(text[limit - 1] ?? '');
  if (!isInsidePair) return limit;
  return limit - 1 > start ? limit - 1 : limit + 1;
}
