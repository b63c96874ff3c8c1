import { type PackedUnits } from './chunk-packer.js';
import { fragmentsOf, type TextUnit } from './text-unit.js';

export interface ChunkLocator {
  /** The headings above the whole chunk, outermost first; where it spans sections that share none, those of its start. */
  headings?: string[];
  pageStart?: number;
  pageEnd?: number;
  /** As they are printed, where those are others than the numbers. */
  pageLabels?: [start: string, end: string];
  rowStart?: number;
  rowEnd?: number;
}

export interface RenderedUnits {
  text: string;
  tokenCount: number;
  locator: ChunkLocator;
}

export interface RenderOptions {
  maxTokens: number;
  countTokens: (text: string) => number;
}

/**
 * Units as the text of a chunk. The tokens of a text can be more than the sum over its parts: then context is left out,
 * and what is still too long is halved.
 */
export function* renderUnits(packed: PackedUnits, options: RenderOptions): Generator<RenderedUnits> {
  const { units, contextUnits } = packed;
  const text = textOf(units);
  const tokenCount = options.countTokens(text);
  const [first] = units;
  if (tokenCount <= options.maxTokens || !first) {
    yield { text, tokenCount, locator: locatorOf(units) };
  } else if (contextUnits > 0) {
    yield* renderUnits({ units: units.slice(1), contextUnits: contextUnits - 1 }, options);
  } else if (units.length > 1) {
    const middle = Math.ceil(units.length / 2);
    yield* renderUnits({ units: units.slice(0, middle), contextUnits: 0 }, options);
    yield* renderUnits({ units: units.slice(middle), contextUnits: 0 }, options);
  } else {
    const fragments = [...fragmentsOf(first, options.maxTokens, options.countTokens)];
    if (fragments.length > 1)
      for (const unit of fragments) yield* renderUnits({ units: [unit], contextUnits: 0 }, options);
    else yield { text, tokenCount, locator: locatorOf(units) };
  }
}

function textOf(units: readonly TextUnit[]): string {
  return units.map(({ text, separator }, index) => (index === 0 ? text : separator + text)).join('');
}

/** Of all that the text says, what it repeats from the chunk before included: any of it may be quoted. */
function locatorOf(units: readonly TextUnit[]): ChunkLocator {
  const locators = units.map(({ locator }) => locator);
  const headings = sharedHeadings(locators.map((locator) => locator.headings ?? []));
  const pages = locators.flatMap(({ page, pageEnd }) => (page === undefined ? [] : [page, pageEnd ?? page]));
  const rows = locators.flatMap(({ row }) => (row === undefined ? [] : [row]));
  return {
    ...(headings.length > 0 ? { headings } : {}),
    ...(pages.length > 0 ? { pageStart: least(pages), pageEnd: most(pages) } : {}),
    ...(rows.length > 0 ? { rowStart: least(rows), rowEnd: most(rows) } : {}),
  };
}

function sharedHeadings(paths: readonly string[][]): string[] {
  const [first = []] = paths;
  let shared = first.length;
  for (const path of paths) {
    const differs = first.findIndex((heading, depth) => path[depth] !== heading);
    if (differs >= 0) shared = Math.min(shared, differs);
  }
  return shared > 0 ? first.slice(0, shared) : first;
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other));
}

function most(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other));
}
