import { type Cell, type TextLine } from './text-line.js';

const LEAST_LINES = 5;
/** Cells of tables are shorter than lines of a column. */
const LEAST_CHARS = 24;

/**
 * Some programs write two columns line by line across the page. Such stretches are read down the left column first, then
 * down the right one.
 */
export function separateColumns(lines: readonly TextLine[]): TextLine[] {
  const separated: TextLine[] = [];
  for (let index = 0; index < lines.length;) {
    const stretch = stretchAt(lines, index);
    if (stretch.length === 0) {
      separated.push(lines[index++] as TextLine);
    } else {
      const gutter = gutterOf(stretch);
      separated.push(
        ...columnOf(stretch, ({ end }) => end < gutter),
        ...columnOf(stretch, ({ start }) => start >= gutter),
      );
      index += stretch.length;
    }
  }
  return separated;
}

/** The lines from `index` on that are two columns side by side; none when these are no columns. */
function stretchAt(lines: readonly TextLine[], index: number): TextLine[] {
  const first = lines[index];
  const gutter = first?.cells[1]?.start;
  if (!first || first.cells.length !== 2 || gutter === undefined) return [];
  let end = index;
  while (end < lines.length && isBesides(lines[end], first, gutter)) end++;
  const stretch = lines.slice(index, end);
  const pairs = stretch.filter(({ cells }) => cells.length === 2);
  return pairs.length >= LEAST_LINES && [0, 1].every((column) => meanChars(pairs, column) >= LEAST_CHARS)
    ? stretch
    : [];
}

function isBesides(line: TextLine | undefined, first: TextLine, gutter: number): boolean {
  if (!line || line.angle !== first.angle || line.cells.length > 2) return false;
  if (line.cells.length === 2) return Math.abs((line.cells[1]?.start ?? 0) - gutter) < line.fontSize;
  return line.end < gutter || line.start >= gutter - line.fontSize;
}

function meanChars(lines: readonly TextLine[], column: number): number {
  return lines.reduce((sum, { cells }) => sum + (cells[column]?.text.length ?? 0), 0) / lines.length;
}

function gutterOf(stretch: readonly TextLine[]): number {
  return stretch.reduce(
    (least, { cells }) => (cells.length === 2 ? Math.min(least, cells[1]?.start ?? least) : least),
    Infinity,
  );
}

function columnOf(stretch: readonly TextLine[], isInColumn: (cell: Cell) => boolean): TextLine[] {
  return stretch.flatMap((line) =>
    line.cells
      .filter(isInColumn)
      .map((cell) => ({ ...line, text: cell.text, start: cell.start, end: cell.end, cells: [cell] })),
  );
}
