import { type BlockWriter } from '../block-writer.js';
import { attribute, type HtmlElement, type HtmlParent, type TreeVisitor, visitTree } from './html-tree.js';
import { dataTable } from './html-table.js';

const BLOCKS = new Set(
  (
    'address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure ' +
    'footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav ol option p plaintext pre search ' +
    'section summary table tbody td tfoot th thead tr ul xmp'
  ).split(' '),
);
const PREFORMATTED = new Set(['pre', 'listing', 'xmp', 'plaintext']);
const HEADING = /^h([1-6])$/;

interface List {
  /** The number of the next item, or undefined for bullets. */
  next: number | undefined;
}

/** Writes the visible text below `root` in document order. */
export function writeHtmlBlocks(root: HtmlParent, isHidden: (element: HtmlElement) => boolean, out: BlockWriter): void {
  const visitor = new BlockVisitor(isHidden, out);
  visitTree(root, visitor);
  visitor.flush();
}

class BlockVisitor implements TreeVisitor {
  readonly #isHidden: (element: HtmlElement) => boolean;
  readonly #out: BlockWriter;
  readonly #lists: List[] = [];
  readonly #skipped = new Set<HtmlElement>();
  #text: string[] = [];
  #heading: number | undefined;
  #marker = '';
  #preformatted = 0;
  /** The element that ended last, when no text followed it. */
  #previous = '';

  constructor(isHidden: (element: HtmlElement) => boolean, out: BlockWriter) {
    this.#isHidden = isHidden;
    this.#out = out;
  }

  enter(element: HtmlElement): boolean {
    const { tagName } = element;
    if (this.#isHidden(element) || (tagName === 'table' && this.#writeTable(element))) {
      this.#skipped.add(element);
      return false;
    }
    if (tagName === 'br') this.#text.push('\n');
    if ((tagName === 'a' || tagName === 'button') && this.#previous === tagName) this.#text.push(' ');
    if (!BLOCKS.has(tagName)) return true;
    this.flush();
    const level = HEADING.exec(tagName)?.[1];
    if (level) this.#heading = Number(level);
    if (tagName === 'ul' || tagName === 'menu' || tagName === 'dir') this.#lists.push({ next: undefined });
    if (tagName === 'ol') this.#lists.push({ next: Number.parseInt(attribute(element, 'start') ?? '1', 10) || 1 });
    if (tagName === 'li') this.#startItem(element);
    if (PREFORMATTED.has(tagName)) this.#preformatted++;
    return true;
  }

  text(value: string): void {
    this.#text.push(this.#preformatted > 0 ? value : value.replace(/[ \t\n\r\f]+/g, ' '));
    this.#previous = '';
  }

  leave(element: HtmlElement): void {
    if (this.#skipped.delete(element)) return;
    const { tagName } = element;
    this.#previous = tagName;
    if (!BLOCKS.has(tagName)) return;
    this.flush();
    if (HEADING.test(tagName)) this.#heading = undefined;
    if (tagName === 'ul' || tagName === 'ol' || tagName === 'menu' || tagName === 'dir') this.#lists.pop();
    if (tagName === 'li') this.#marker = '';
    if (PREFORMATTED.has(tagName)) this.#preformatted--;
  }

  flush(): void {
    const text = this.#text.join('');
    this.#text = [];
    if (text.trim() === '') return;
    if (this.#heading !== undefined) {
      this.#out.write({ kind: 'heading', text: text.replace(/\n/g, ' '), level: this.#heading });
    } else if (this.#preformatted > 0) {
      this.#out.write({ kind: 'code', text });
    } else if (this.#lists.length > 0) {
      this.#out.write({ kind: 'list-item', text: this.#marker + text.trim(), level: this.#lists.length });
      this.#marker = '';
    } else {
      for (const paragraph of text.split(/\n(?:[ \u00A0]*\n)+/))
        this.#out.write({ kind: 'paragraph', text: paragraph });
    }
  }

  #startItem(element: HtmlElement): void {
    const list = this.#lists.at(-1);
    if (list?.next === undefined) {
      this.#marker = '- ';
    } else {
      const value = Number.parseInt(attribute(element, 'value') ?? '', 10);
      if (!Number.isNaN(value)) list.next = value;
      this.#marker = `${list.next++}. `;
    }
  }

  /** Returns false for a table that is only layout: its content is then read like the rest of the page. */
  #writeTable(table: HtmlElement): boolean {
    const data = dataTable(table, this.#isHidden);
    if (!data) return false;
    this.flush();
    this.#out.write({ kind: 'paragraph', text: data.caption });
    let header: string | undefined;
    for (const { cells, isHeader } of data.rows) {
      const text = cells.join(' | ').replace(/[| ]+$/, '');
      this.#out.write({ kind: 'table-row', text, header: isHeader ? undefined : header });
      if (isHeader) header ??= text;
    }
    return true;
  }
}
