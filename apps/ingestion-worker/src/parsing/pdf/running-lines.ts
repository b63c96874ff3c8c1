import { type PageLine } from './paragraph.js';

/** Lines at one edge of a page that may be its header or footer. */
const MARGIN_LINES = 3;
/** The least distance of a header or footer from the text, in font sizes. */
const MARGIN_GAP = 1.5;
const LEAST_PAGES = 3;
const LEAST_SHARE = 0.4;
const CONSISTENT_SHARE = 0.8;
const PAGE_NUMBER = /^[^\p{L}\p{N}]*(?:\d{1,4}|[ivxl]{1,6})[^\p{L}\p{N}]*$/iu;

/**
 * Leaves out headers and footers: lines at the edge of many pages that are the same, or differ by the number of the page.
 * The first of each stays, unless it is only a page number.
 */
export function withoutRunningLines(pages: readonly PageLine[][]): PageLine[][] {
  const edges = pages.map((lines) => [edgeOf(lines, 1), edgeOf(lines, -1)]);
  const repeated = repeatedKeys(edges.flat(2), pages.length);
  const seen = new Set<string>();
  return pages.map((lines, index) => {
    const running = new Set(edges[index]?.flatMap((edge) => runningPart(edge, repeated)));
    return lines.filter((line) => {
      if (!running.has(line)) return true;
      const key = keyOf(line);
      const isFirst = !seen.has(key) && !PAGE_NUMBER.test(line.text);
      seen.add(key);
      return isFirst;
    });
  });
}

/** The outermost lines at the top (1) or bottom (-1) of a page, from the edge inwards, and the first line within. */
function edgeOf(lines: readonly PageLine[], side: 1 | -1): PageLine[] {
  const upright = lines.filter(({ angle }) => angle === 0);
  return upright.sort((one, other) => (other.baseline - one.baseline) * side).slice(0, MARGIN_LINES + 1);
}

/** As many lines from the edge as are repeated and stand apart from the text. */
function runningPart(edge: readonly PageLine[], repeated: ReadonlySet<string>): PageLine[] {
  let running = 0;
  for (let count = 1; count <= MARGIN_LINES; count++) {
    const line = edge[count - 1];
    const within = edge[count];
    if (!line || !repeated.has(keyOf(line))) break;
    if (!within || Math.abs(line.baseline - within.baseline) >= line.fontSize * MARGIN_GAP) running = count;
  }
  return edge.slice(0, running);
}

function repeatedKeys(lines: readonly PageLine[], pageCount: number): Set<string> {
  const groups = new Map<string, PageLine[]>();
  for (const line of lines) {
    const group = groups.get(keyOf(line)) ?? [];
    group.push(line);
    groups.set(keyOf(line), group);
  }
  const least = Math.max(LEAST_PAGES, pageCount * LEAST_SHARE);
  return new Set([...groups].filter(([, group]) => pagesOf(group) >= least && isSameText(group)).map(([key]) => key));
}

function pagesOf(lines: readonly PageLine[]): number {
  return new Set(lines.map(({ page }) => page)).size;
}

/** Whether the lines differ in nothing, or one of their numbers counts the pages. Rows of a table differ otherwise. */
function isSameText(lines: readonly PageLine[]): boolean {
  const numbers = lines.map(({ text }) => (text.match(/\d+/g) ?? []).map(Number));
  const places = numbers[0] ?? [];
  const isConstant = places.every((_, place) => isConsistent(numbers.map((own) => own[place] ?? 0)));
  return (
    isConstant ||
    places.some((_, place) => isConsistent(numbers.map((own, index) => (own[place] ?? 0) - (lines[index]?.page ?? 0))))
  );
}

function isConsistent(values: readonly number[]): boolean {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].some((count) => count >= values.length * CONSISTENT_SHARE);
}

function keyOf({ text }: PageLine): string {
  return text.replace(/\d+/g, '#').replace(/\s+/g, '').toLowerCase();
}
