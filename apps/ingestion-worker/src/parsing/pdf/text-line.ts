/** A run of text as the PDF reader reports it. */
export interface TextRun {
  str: string;
  /** `ttb` is vertical writing. */
  dir: string;
  /** The text matrix: a, b, c, d, x, y in points, from the lower left corner of the page. */
  transform: readonly number[];
  width: number;
  height: number;
  fontName: string;
}

/** A part of a line between wide gaps, as in the row of a table. */
export interface Cell {
  text: string;
  start: number;
  end: number;
}

/** Runs on one baseline. Positions are in points along and across the direction of writing. */
export interface TextLine {
  text: string;
  cells: Cell[];
  start: number;
  end: number;
  /** Decreases from line to line. */
  baseline: number;
  /** Of the largest letters. */
  fontSize: number;
  /** An arbitrary name, of the longest run. */
  font: string;
  /** Degrees; 0 for ordinary text, -90 for vertical writing. */
  angle: number;
}

interface PlacedRun extends Omit<TextLine, 'cells'> {
  isRightToLeft: boolean;
}

/** In font sizes. Justified lines stretch the gaps of words up to about one. */
const CELL_GAP = 1.2;
const WORD_GAP = 0.2;
/** `A N N E X`: letters set apart for emphasis. */
const LETTER_SPACED = /^(?:\p{Lu} ){3,}\p{Lu}\s?[:.]?$/u;

interface OpenLine {
  runs: PlacedRun[];
  last: PlacedRun;
  fontSize: number;
  /** Whether any of the runs is. */
  isRightToLeft: boolean;
}

/** Joins runs to lines in the order of the page's content, which for columns is the order of reading. */
export function textLines(runs: readonly TextRun[]): TextLine[] {
  const lines: TextLine[] = [];
  let line: OpenLine | undefined;
  for (const run of runs) {
    if (run.str === '') continue;
    const placed = place(run);
    if (line && isRepeated(placed, line.last)) continue;
    if (line && continues(placed, line)) extend(line, placed);
    else if (placed.text.trim() !== '') {
      if (line) lines.push(closeLine(line));
      line = { runs: [placed], last: placed, fontSize: placed.fontSize, isRightToLeft: placed.isRightToLeft };
    }
  }
  if (line) lines.push(closeLine(line));
  return lines;
}

function extend(line: OpenLine, run: PlacedRun): void {
  line.runs.push(run);
  line.last = run;
  line.fontSize = Math.max(line.fontSize, run.fontSize);
  line.isRightToLeft ||= run.isRightToLeft;
}

function place({ str, dir, transform, width, height, fontName }: TextRun): PlacedRun {
  const [a = 1, b = 0, c = 0, d = 1, x = 0, y = 0] = transform;
  const isVertical = dir === 'ttb';
  const length = Math.hypot(a, b) || 1;
  const [alongX, alongY] = isVertical ? [0, -1] : [a / length, b / length];
  const start = x * alongX + y * alongY;
  return {
    text: str,
    start,
    end: start + (isVertical ? height : width),
    baseline: y * alongX - x * alongY,
    fontSize: Math.hypot(c, d) || height,
    angle: Math.round((Math.atan2(alongY, alongX) * 180) / Math.PI),
    font: fontName,
    isRightToLeft: dir === 'rtl',
  };
}

/** Bold is sometimes made by drawing the same text twice, a hair apart. */
function isRepeated(run: PlacedRun, previous: PlacedRun): boolean {
  const near = run.fontSize * 0.2;
  return (
    run.text === previous.text &&
    run.text.trim() !== '' &&
    Math.abs(run.start - previous.start) < near &&
    Math.abs(run.baseline - previous.baseline) < near
  );
}

function continues(run: PlacedRun, line: OpenLine): boolean {
  const [first] = line.runs;
  if (!first || run.angle !== first.angle) return false;
  const isScript = run.fontSize < line.fontSize * 0.85 || line.last.fontSize < run.fontSize * 0.85;
  const tolerance = Math.max(line.fontSize, run.fontSize) * (isScript ? 0.6 : 0.25);
  if (Math.abs(run.baseline - first.baseline) > tolerance) return false;
  return run.isRightToLeft || line.isRightToLeft || run.start > line.last.end - line.fontSize * 2;
}

function closeLine({ runs, fontSize }: OpenLine): TextLine {
  const inked = runs.filter((run) => run.text.trim() !== '');
  const longest = inked.reduce((best, run) => (run.text.length > best.text.length ? run : best));
  const cells = cellsOf(inReadingOrder(runs));
  return {
    text: tidy(cells.map(({ text }) => text).join(' ')),
    cells,
    start: inked.reduce((least, { start }) => Math.min(least, start), Infinity),
    end: inked.reduce((most, { end }) => Math.max(most, end), -Infinity),
    baseline: longest.baseline,
    fontSize: inked.length === 1 ? fontSize : longest.fontSize,
    font: longest.font,
    angle: longest.angle,
  };
}

function cellsOf(runs: readonly PlacedRun[]): Cell[] {
  const cells: Cell[] = [];
  let cell: Cell | undefined;
  let inked: PlacedRun | undefined;
  for (const run of runs) {
    const isBlank = run.text.trim() === '';
    const gap = inked && !isBlank ? Math.max(run.start - inked.end, inked.start - run.end) : 0;
    if (!cell || gap > run.fontSize * CELL_GAP) {
      cell = { text: run.text, start: run.start, end: run.end };
      cells.push(cell);
    } else {
      const isApart = gap > run.fontSize * WORD_GAP && !/\s$/.test(cell.text);
      cell.text += isApart ? ` ${run.text}` : run.text;
      cell.start = Math.min(cell.start, run.start);
      if (!isBlank) cell.end = Math.max(cell.end, run.end);
    }
    if (!isBlank) inked = run;
  }
  return cells.map((each) => ({ ...each, text: tidy(each.text) }));
}

function tidy(text: string): string {
  const line = composeAccents(text).replace(/\s+/g, ' ').trim();
  return LETTER_SPACED.test(line) ? line.replaceAll(' ', '') : line;
}

/** Text from right to left is sometimes stored from left to right, run by run. */
function inReadingOrder(runs: readonly PlacedRun[]): readonly PlacedRun[] {
  const inked = runs.filter((run) => run.text.trim() !== '');
  const isRightToLeft = inked.filter((run) => run.isRightToLeft).length * 2 > inked.length;
  const first = inked[0];
  const last = inked.at(-1);
  if (!isRightToLeft || !first || !last || first.start >= last.start) return runs;
  return [...runs].sort((one, other) => other.start - one.start);
}

const COMBINING: Readonly<Record<string, string>> = {
  '\u00B4': '\u0301',
  '`': '\u0300',
  '\u02C6': '\u0302',
  '\u00A8': '\u0308',
  '\u02DC': '\u0303',
  '\u02C7': '\u030C',
  '\u02D8': '\u0306',
  '\u02DA': '\u030A',
};

/** Typesetters of the TeX family draw an accent and then its letter: two signs that are one character. */
function composeAccents(text: string): string {
  return text.replace(/(?<=\p{L})[\u00B4`]\p{L}|[\u02C6\u00A8\u02DC\u02C7\u02D8\u02DA]\p{L}/gu, (pair) => {
    const letter = pair[1] === '\u0131' ? 'i' : pair.slice(1);
    const composed = (letter + (COMBINING[pair[0] ?? ''] ?? '')).normalize('NFC');
    return composed.length === 1 ? composed : pair;
  });
}
