const PIECE_CHARS = 64 * 1024;
const MAX_PIECE_CHARS = 128 * 1024;
const FENCE = /^ {0,3}(```+|~~~+)/;
/** Begins a block of its own at the outermost level. */
const HEADING = /^#{1,6}\s/;
const PLAIN_BLOCK = /^[^\s>|\-*+\d]/;

/**
 * Parts a long text between blocks: the parser's memory grows with what it is given at once. Short texts stay whole;
 * in longer ones, link definitions do not reach other pieces, which costs addresses and no text.
 */
export function* markdownPieces(text: string): Generator<string> {
  let start = 0;
  let fence: string | undefined;
  let afterBlank = true;
  for (let lineStart = 0; lineStart < text.length;) {
    const lineFeed = text.indexOf('\n', lineStart);
    const lineEnd = endOfLine(text, lineStart, lineFeed < 0 ? text.length : lineFeed + 1);
    const head = text.slice(lineStart, Math.min(lineEnd, lineStart + 80));
    const size = lineStart - start;
    const isBoundary = fence === undefined && (HEADING.test(head) || (afterBlank && PLAIN_BLOCK.test(head)));
    if ((size >= PIECE_CHARS && isBoundary) || lineEnd - start > MAX_PIECE_CHARS) {
      if (size > 0) yield text.slice(start, lineStart);
      start = lineStart;
    }
    const marker = FENCE.exec(head)?.[1];
    if (marker && fence === undefined) fence = marker;
    else if (marker && fence && marker.startsWith(fence)) fence = undefined;
    afterBlank = head.trim() === '';
    lineStart = lineEnd;
  }
  if (start < text.length) yield text.slice(start);
}

/** A line that is too long for one piece ends at a space. */
function endOfLine(text: string, start: number, end: number): number {
  if (end - start <= MAX_PIECE_CHARS) return end;
  const space = text.lastIndexOf(' ', start + MAX_PIECE_CHARS);
  return space > start ? space : start + MAX_PIECE_CHARS;
}
