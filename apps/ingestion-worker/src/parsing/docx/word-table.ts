import { type BlockDraft } from '../block-writer.js';

type Emit = (draft: BlockDraft) => void;

/** Builds the rows of one table, each a line of cells. */
export class WordTable {
  /** Word frames text by tables of one column: their content is read as if there were no table. */
  isFrame = false;
  readonly #emit: Emit;
  readonly #spans = new Map<number, string>();
  #cells: string[] = [];
  #cell: string[] = [];
  #column = 0;
  #columns = 0;
  #width = 1;
  #merge: 'start' | 'continue' | undefined;
  #firstRowIsHeader = false;
  #rowIsHeader = false;
  #rowIsDeleted = false;
  #rows = 0;
  #header: string | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** Where the blocks of the current cell go. */
  get cellEmit(): Emit {
    return this.isFrame ? this.#emit : ({ text }) => this.#cell.push(text);
  }

  addGridColumn(): void {
    this.#columns++;
  }

  endGrid(): void {
    this.isFrame = this.#columns === 1;
  }

  setFirstRowIsHeader(): void {
    this.#firstRowIsHeader = true;
  }

  startRow(): void {
    this.#cells = [];
    this.#column = 0;
    this.#rowIsHeader = this.#firstRowIsHeader && this.#rows === 0;
    this.#rowIsDeleted = false;
  }

  setRowIsHeader(): void {
    this.#rowIsHeader = true;
  }

  setRowIsDeleted(): void {
    this.#rowIsDeleted = true;
  }

  startCell(): void {
    this.#cell = [];
    this.#width = 1;
    this.#merge = undefined;
  }

  setCellWidth(columns: number): void {
    if (columns > 0 && columns < 100) this.#width = columns;
  }

  /** A cell merged with the one above shows that one's text, so that each row makes sense alone. */
  setCellMerge(merge: 'start' | 'continue'): void {
    this.#merge = merge;
  }

  endCell(): void {
    let text = this.#cell.join(' ').replace(/\s+/g, ' ').trim();
    if (this.#merge === 'continue' && text === '') text = this.#spans.get(this.#column) ?? '';
    if (this.#merge === undefined) this.#spans.delete(this.#column);
    else this.#spans.set(this.#column, text);
    this.#cells.push(text);
    this.#column += this.#width;
  }

  endRow(): void {
    if (this.isFrame || this.#rowIsDeleted) return;
    const text = this.#cells.join(' | ').replace(/[| ]+$/, '');
    if (text === '') return;
    this.#rows++;
    this.#emit({ kind: 'table-row', text, header: this.#rowIsHeader ? undefined : this.#header });
    if (this.#rowIsHeader && this.#cells.length > 1) this.#header ??= text;
  }
}
