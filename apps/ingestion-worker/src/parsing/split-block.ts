import { sentenceSpans, type Span } from '../chunking/sentences.js';
import { type Block, MAX_BLOCK_CHARS } from './parsed-document.js';

const MAX_SEPARATOR_CHARS = 16;

/**
 * Cuts a block that is too long to be handled as one: rows and code between lines, running text between sentences, and
 * what is still too long between words, or anywhere. Later parts say what stands between them and the part before.
 */
export function* splitBlock(block: Block, maxChars = MAX_BLOCK_CHARS): Generator<Block> {
  const { text, locator } = block;
  if (text.length <= maxChars) return yield block;
  // No heading is that long, whatever the document calls it.
  const kind = block.kind === 'heading' ? 'paragraph' : block.kind;
  let row = locator.row ?? 1;
  let previousEnd = 0;
  for (const { start, end } of partSpans(text, kind === 'code' || kind === 'table-row', maxChars)) {
    const between = text.slice(previousEnd, start);
    const part = text.slice(start, end);
    row += lineFeedsIn(between);
    const rows = locator.rowEnd === undefined ? {} : { row, rowEnd: row + lineFeedsIn(part) };
    const separator = previousEnd === 0 ? {} : { separator: bounded(between) };
    yield { ...block, kind, text: part, ...separator, locator: { ...locator, ...rows } };
    row += lineFeedsIn(part);
    previousEnd = end;
  }
}

/** Stretches without the white space between them; lines keep their indentation. */
function* partSpans(text: string, isLines: boolean, maxChars: number): Generator<Span> {
  for (let start = 0; start < text.length;) {
    while (text[start] === '\n' || (!isLines && text[start] === ' ')) start++;
    const next = start + maxChars >= text.length ? text.length : cutBefore(text, start, start + maxChars, isLines);
    let end = next;
    while (end > start && (text[end - 1] === '\n' || text[end - 1] === ' ')) end--;
    if (end > start) yield { start, end };
    start = next;
  }
}

/** Where the next part begins, white space before it included. */
function cutBefore(text: string, start: number, limit: number, isLines: boolean): number {
  const lineFeed = isLines ? text.lastIndexOf('\n', limit - 1) : -1;
  if (lineFeed > start) return lineFeed + 1;
  const half = start + ((limit - start) >> 1);
  const sentence = isLines ? undefined : sentenceSpans(text.slice(start, limit)).at(-1);
  if (sentence && start + sentence.start > half) return start + sentence.start;
  const space = text.lastIndexOf(' ', limit - 1);
  if (space > half) return space + 1;
  return /[\uD800-\uDBFF]/.test(text[limit - 1] ?? '') ? limit - 1 : limit;
}

function bounded(separator: string): string {
  if (separator.length <= MAX_SEPARATOR_CHARS) return separator;
  return separator.includes('\n') ? '\n\n' : ' ';
}

function lineFeedsIn(text: string): number {
  let count = 0;
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) count++;
  return count;
}
