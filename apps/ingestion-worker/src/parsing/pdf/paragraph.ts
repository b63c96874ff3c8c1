import { type Cell, type TextLine } from './text-line.js';

/** A line with the page it stands on. */
export interface PageLine extends TextLine {
  page: number;
}

export interface Paragraph {
  lines: PageLine[];
  /** A row of a table stands alone. */
  isTableRow: boolean;
}

const NEAR_LINES = 8;
const MAX_INTERRUPTIONS = 12;
const BULLET = /^(?:[•◦▪▫‣⁃●○■□–—*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)]|\d{1,3}-|\[\d{1,3}\])\s+\S/;
const SENTENCE_END = /[.!?:;。！？：؟۔]["'”’»)\]]*$/;
const CONTINUES_LOW = /^[\p{Ll}\p{Lo}(,;]/u;

export function isListItem(text: string): boolean {
  return BULLET.test(text);
}

/** Groups lines to paragraphs by distance, indentation, size and how full the line before was. */
export function paragraphsOf(lines: readonly PageLine[]): Paragraph[] {
  const leading = usualLeading(lines);
  const paragraphs: Paragraph[] = [];
  for (const [index, line] of lines.entries()) {
    const paragraph = paragraphs.at(-1);
    const isTableRow = isRowOf(line, lines[index - 1]) || isRowOf(line, lines[index + 1]);
    const continues = paragraph && !isTableRow && !paragraph.isTableRow && continuesParagraph(line, paragraph, leading);
    const continued = continues ? paragraph : isTableRow ? undefined : interruptedBefore(line, paragraphs);
    if (continued) continued.lines.push(line);
    else paragraphs.push({ lines: [line], isTableRow });
  }
  return paragraphs;
}

/** Two neighbouring lines with cells below each other make a table. */
function isRowOf(line: PageLine, neighbour: PageLine | undefined): boolean {
  if (!neighbour || line.page !== neighbour.page || line.angle !== neighbour.angle) return false;
  if (Math.abs(line.baseline - neighbour.baseline) > line.fontSize * 3) return false;
  const cells = Math.min(line.cells.length, neighbour.cells.length);
  if (cells === 2 && (isListItem(line.text) || isListItem(neighbour.text))) return false;
  return cells > 2 || (cells === 2 && isBelow(line.cells[1], neighbour.cells[1], line.fontSize));
}

function isBelow(cell: Cell | undefined, other: Cell | undefined, em: number): boolean {
  if (!cell || !other) return false;
  return Math.abs(cell.start - other.start) < em || Math.abs(cell.end - other.end) < em * 0.5;
}

function continuesParagraph(line: PageLine, { lines }: Paragraph, leading: number): boolean {
  const first = lines[0] as PageLine;
  const last = lines.at(-1) as PageLine;
  if (line.angle !== last.angle || Math.abs(line.fontSize - last.fontSize) > last.fontSize * 0.12) return false;
  if (isListItem(line.text) && !isInterruptedSentence(last, line)) return false;
  const drop = last.baseline - line.baseline;
  if (line.page !== last.page || drop < 0) return isInterruptedSentence(last, line);
  if (drop > line.fontSize * leading * 1.25 || isRunInTitle(last, line, lines)) return false;
  return isAligned(line, lines, first) && !endsShort(last, line, lines);
}

/** The paragraph that a footnote, a figure or its caption cut in two, when `line` is its second half. */
function interruptedBefore(line: PageLine, paragraphs: readonly Paragraph[]): Paragraph | undefined {
  if (!/^\p{Ll}/u.test(line.text)) return undefined;
  const recent = paragraphs.slice(-MAX_INTERRUPTIONS);
  const isSameType = ({ lines }: Paragraph): boolean => {
    const last = lines.at(-1) as PageLine;
    return last.font === line.font && Math.abs(last.fontSize - line.fontSize) < 0.5 && line.page - last.page <= 1;
  };
  const candidate = recent.findLast(isSameType);
  if (!candidate || candidate === recent.at(-1) || candidate.isTableRow || candidate.lines.length < 2) return undefined;
  const last = candidate.lines.at(-1) as PageLine;
  const right = Math.max(...candidate.lines.slice(-NEAR_LINES).map(({ end }) => end));
  const isFull = right - last.end < line.fontSize * 2;
  return isFull && isInterruptedSentence(last, line) ? candidate : undefined;
}

/** A short line in a font of its own above the text is a title, whatever its size. */
function isRunInTitle(last: PageLine, line: PageLine, lines: readonly PageLine[]): boolean {
  return lines.length === 1 && last.font !== line.font && last.end - last.start < (line.end - line.start) * 0.6;
}

/** A paragraph that runs on in the next column or on the next page. */
function isInterruptedSentence(last: PageLine, line: PageLine): boolean {
  return !SENTENCE_END.test(last.text) && CONTINUES_LOW.test(line.text) && Math.abs(line.fontSize - last.fontSize) < 1;
}

function isAligned(line: PageLine, lines: readonly PageLine[], first: PageLine): boolean {
  const last = lines.at(-1) as PageLine;
  const em = line.fontSize;
  const shift = line.start - last.start;
  if (Math.abs(shift) < em * 0.6) return true;
  if (Math.abs(line.end - last.end) < em * 0.6 && shift > 0 && lines.length > 1) return false;
  const isCentred = Math.abs(line.start + line.end - last.start - last.end) < em * 1.5;
  if (isCentred) return true;
  if (shift > 0) return lines.length === 1 && isListItem(first.text) && shift < em * 6;
  return lines.length === 1 && shift > -em * 6;
}

/** A line that stops early at the end of a sentence ends its paragraph. */
function endsShort(last: PageLine, line: PageLine, lines: readonly PageLine[]): boolean {
  const near = [line, ...lines.slice(-NEAR_LINES)];
  const right = Math.max(...near.map(({ end }) => end));
  const left = Math.min(...near.map(({ start }) => start));
  return SENTENCE_END.test(last.text) && right - last.end > (right - left) * 0.12;
}

/** The usual distance of lines, in font sizes. */
function usualLeading(lines: readonly PageLine[]): number {
  const distances: number[] = [];
  for (const [index, line] of lines.entries()) {
    const next = lines[index + 1];
    if (!next || next.page !== line.page || next.fontSize !== line.fontSize) continue;
    const distance = (line.baseline - next.baseline) / line.fontSize;
    if (distance > 0.8 && distance < 2.5) distances.push(distance);
  }
  distances.sort((one, other) => one - other);
  return distances[Math.floor(distances.length / 2)] ?? 1.2;
}
