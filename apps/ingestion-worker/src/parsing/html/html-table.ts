import { attribute, type HtmlElement, isElement, visitTree } from './html-tree.js';

export interface HtmlTable {
  /** Empty when there is none. */
  caption: string;
  rows: HtmlTableRow[];
}

export interface HtmlTableRow {
  cells: string[];
  isHeader: boolean;
}

const LAYOUT_ROLES = new Set(['presentation', 'none']);
const LAYOUT_CONTENT = new Set(
  'table h1 h2 h3 h4 h5 h6 form article section nav main center hr pre blockquote'.split(' '),
);
const BREAKS = new Set('br p div li ul ol dl dt dd'.split(' '));
const MAX_CELL_CHARS = 1000;
const MAX_ROW_SPAN = 1000;

/**
 * The rows of a table of data, each cell one line of text; a cell that spans rows is repeated in each.
 * Undefined when the table only places parts of the page, as pages did before style sheets.
 */
export function dataTable(table: HtmlElement, isHidden: (element: HtmlElement) => boolean): HtmlTable | undefined {
  if (LAYOUT_ROLES.has(attribute(table, 'role') ?? '')) return undefined;
  const rows = new RowReader(isHidden);
  visitTree(table, rows);
  const filled = rows.rows.filter((row) => row.cells.some((cell) => cell !== ''));
  const isList = !filled.some((row) => row.cells.length > 1);
  if (rows.isLayout || isList || (filled.length === 1 && !rows.hasHeadings)) return undefined;
  return { caption: rows.caption.replace(/\s+/g, ' ').trim(), rows: filled };
}

class RowReader {
  readonly rows: HtmlTableRow[] = [];
  caption = '';
  isLayout = false;
  hasHeadings = false;
  readonly #isHidden: (element: HtmlElement) => boolean;
  readonly #spans = new Map<number, { text: string; rowsLeft: number }>();
  #cell: string | undefined;
  #inHead = false;
  #inCaption = false;
  #skipped = false;

  constructor(isHidden: (element: HtmlElement) => boolean) {
    this.#isHidden = isHidden;
  }

  enter(element: HtmlElement): boolean {
    this.#skipped = this.#isHidden(element) || this.isLayout;
    if (this.#skipped) return false;
    if (LAYOUT_CONTENT.has(element.tagName)) this.isLayout = true;
    if (element.tagName === 'caption') this.#inCaption = true;
    if (element.tagName === 'thead') this.#inHead = true;
    if (element.tagName === 'th') this.hasHeadings = true;
    if (element.tagName === 'tr') this.#startRow(element);
    if (element.tagName === 'td' || element.tagName === 'th') this.#cell = '';
    else if (this.#cell !== undefined && BREAKS.has(element.tagName)) this.#cell += ' ';
    return !this.isLayout;
  }

  text(value: string): void {
    if (this.#cell !== undefined) this.#cell += value;
    else if (this.#inCaption) this.caption += value;
  }

  leave(element: HtmlElement): void {
    if (this.#skipped) {
      this.#skipped = false;
      return;
    }
    if (element.tagName === 'caption') this.#inCaption = false;
    if (element.tagName === 'thead') this.#inHead = false;
    if (element.tagName === 'td' || element.tagName === 'th') this.#endCell(element);
    else if (element.tagName === 'tr') this.#fillSpans();
    else if (this.#cell !== undefined && element.tagName === 'li') this.#cell += '; ';
    else if (this.#cell !== undefined && BREAKS.has(element.tagName)) this.#cell += ' ';
  }

  #startRow(row: HtmlElement): void {
    const cells = row.childNodes.filter(isElement);
    const isTitled = this.rows.length === 0 && cells.every((cell) => cell.tagName === 'th');
    const isHeader = cells.length > 1 && (this.#inHead || isTitled);
    this.rows.push({ cells: [], isHeader });
  }

  #endCell(element: HtmlElement): void {
    const text = (this.#cell ?? '')
      .replace(/\s+/g, ' ')
      .replace(/[; ]+$/, '')
      .trim();
    this.#cell = undefined;
    const row = this.rows.at(-1);
    if (!row) return;
    if (text.length > MAX_CELL_CHARS) this.isLayout = true;
    this.#fillSpans();
    const rowsLeft = Math.min(Number(attribute(element, 'rowspan')) || 1, MAX_ROW_SPAN) - 1;
    if (rowsLeft > 0) this.#spans.set(row.cells.length, { text, rowsLeft });
    row.cells.push(text);
  }

  /** Cells of earlier rows that reach into this one at the current column. */
  #fillSpans(): void {
    const row = this.rows.at(-1);
    for (let span = row && this.#spans.get(row.cells.length); row && span; span = this.#spans.get(row.cells.length)) {
      if (--span.rowsLeft === 0) this.#spans.delete(row.cells.length);
      row.cells.push(span.text);
    }
  }
}
