const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

const HYPHENATED = /(?<=\p{L})-\n(?=\p{Ll})/gu;
/** Line ends that a page's width made: the sentence goes on in the next line. */
const WRAPPED = /(?<=[^\n]{40,}[^\n.!?…:;。！？])\n(?=[\p{L}\p{N}("'“‘])|\n(?=\p{Ll})/gu;

/**
 * The sentences of a passage, with white space collapsed. Line ends that only wrap a sentence do not end it; all others
 * do, so that headings, list items and table rows stand alone.
 */
export function sentencesOf(text: string): string[] {
  const unwrapped = text.replaceAll('\r\n', '\n').replace(HYPHENATED, '').replace(WRAPPED, ' ');
  return [...segmenter.segment(unwrapped)]
    .map(({ segment }) => segment.replace(/\s+/g, ' ').trim())
    .filter((sentence) => sentence !== '');
}
