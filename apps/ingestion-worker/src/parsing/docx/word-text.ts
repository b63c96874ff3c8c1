import { type BlockDraft } from '../block-writer.js';
import { type WordNumbering } from './word-numbering.js';
import { WordParagraph } from './word-paragraph.js';
import { isOn, outlineHeading, type WordStyles } from './word-styles.js';
import { WordTable } from './word-table.js';
import { type XmlElement, type XmlHandler } from './word-xml.js';

/** Deleted or moved-away text, the pronunciation above ruby text, and former formatting kept for review. */
const LEFT_OUT = /^w:(?:del|moveFrom|rt|[a-zA-Z]+PrChange)$/;
const CHARACTERS: Readonly<Record<string, string>> = {
  'w:tab': ' ',
  'w:ptab': ' ',
  'w:br': '\n',
  'w:cr': '\n',
  'w:noBreakHyphen': '-',
};

export interface WordTextOptions {
  styles: WordStyles;
  numbering: WordNumbering;
  emit: (draft: BlockDraft) => void;
  /** Called behind the block that refers to a note, with `footnote` or `endnote` and its id. */
  noteReferenced?: (kind: string, id: string) => void;
  /** Called where another document is inserted whole, with the id of its relationship. */
  chunkReferenced?: (id: string) => void;
  /** For parts that hold several stories: called at the start of each note. Returns whether to read it. */
  noteStarted?: (id: string, type: string | undefined) => boolean;
}

/** Reads the text of one WordprocessingML part: body, header, footer or notes. */
export class WordText implements XmlHandler {
  readonly #options: WordTextOptions;
  readonly #path: string[] = [];
  readonly #emits: ((draft: BlockDraft) => void)[] = [];
  readonly #paragraphs: WordParagraph[] = [];
  readonly #tables: WordTable[] = [];
  readonly #alternatives: { chars: number; isChosen: boolean }[] = [];
  /** Per open field whether its result has begun; before that stands its code. */
  #fields: boolean[] = [];
  #notes: [string, string][] = [];
  #skippedFrom = 0;
  #chars = 0;
  #runIsHidden = false;

  constructor(options: WordTextOptions) {
    this.#options = options;
  }

  open(element: XmlElement): void {
    const { name } = element;
    this.#path.push(name);
    if (this.#skippedFrom > 0) return;
    if (this.#isLeftOut(element)) this.#skippedFrom = this.#path.length;
    else if (name === 'w:p') this.#paragraphs.push(new WordParagraph());
    else if (name === 'w:r') this.#runIsHidden = false;
    else if (name === 'w:txbxContent') this.#openBox();
    else if (name === 'mc:AlternateContent') this.#alternatives.push({ chars: 0, isChosen: false });
    else if (name === 'w:tbl') this.#tables.push(new WordTable(this.#emit));
    else if (this.#parent === 'w:pPr' || this.#parent === 'w:numPr') this.#readParagraphProperty(element);
    else if (name.startsWith('w:t')) this.#openTablePart(element);
    else this.#openRunPart(element);
  }

  text(value: string): void {
    const inText = this.#path.at(-1) === 'w:t' || this.#path.at(-1) === 'm:t' || this.#path.at(-1) === 'a:t';
    if (inText && this.#skippedFrom === 0) this.#append(value);
  }

  close(name: string): void {
    const depth = this.#path.length;
    this.#path.pop();
    if (this.#skippedFrom > 0) {
      if (depth === this.#skippedFrom) this.#skippedFrom = 0;
      return;
    }
    if (name === 'w:p') this.#closeParagraph();
    else if (name === 'w:txbxContent') this.#emits.pop();
    else if (name === 'mc:AlternateContent') this.#alternatives.pop();
    else if (name === 'mc:Choice') this.#closeChoice();
    else if (name === 'w:tblGrid') this.#tables.at(-1)?.endGrid();
    else if (name === 'w:tc') this.#closeCell();
    else if (name === 'w:tr') this.#tables.at(-1)?.endRow();
    else if (name === 'w:tbl') this.#tables.pop();
  }

  get #parent(): string | undefined {
    return this.#path.at(-2);
  }

  get #emit(): (draft: BlockDraft) => void {
    return this.#emits.at(-1) ?? this.#emitAtTop;
  }

  readonly #emitAtTop = (draft: BlockDraft): void => {
    this.#options.emit(draft);
    const notes = this.#notes;
    this.#notes = [];
    for (const [kind, id] of notes) this.#options.noteReferenced?.(kind, id);
  };

  #isLeftOut(element: XmlElement): boolean {
    const { name } = element;
    const alternative = this.#alternatives.at(-1);
    if (name === 'mc:Fallback' || name === 'mc:Choice') {
      if (alternative) alternative.chars = this.#chars;
      return alternative?.isChosen ?? false;
    }
    if (name === 'w:footnote' || name === 'w:endnote') {
      return this.#options.noteStarted?.(element.attribute('id') ?? '', element.attribute('type')) === false;
    }
    if (this.#parent === 'w:trPr' && name === 'w:del') this.#tables.at(-1)?.setRowIsDeleted();
    return LEFT_OUT.test(name);
  }

  /** The fallback repeats the choice for old programs: it is read only when the choice held no text. */
  #closeChoice(): void {
    const alternative = this.#alternatives.at(-1);
    if (alternative) alternative.isChosen = this.#chars > alternative.chars;
  }

  #openBox(): void {
    const anchor = this.#paragraphs.at(-1);
    const emit = this.#emit;
    this.#emits.push(anchor ? (draft) => anchor.boxes.push(draft) : emit);
  }

  #readParagraphProperty(element: XmlElement): void {
    const paragraph = this.#paragraphs.at(-1);
    const value = element.attribute('val');
    if (!paragraph) return;
    if (element.name === 'w:pStyle') paragraph.styleId = value;
    else if (element.name === 'w:outlineLvl') paragraph.headingLevel = outlineHeading(value);
    else if (element.name === 'w:ilvl') paragraph.numberingLevel = Number(value);
    else if (element.name === 'w:numId') paragraph.numberingId = value;
  }

  #openTablePart(element: XmlElement): void {
    const table = this.#tables.at(-1);
    if (element.name === 'w:tab') this.#openRunPart(element);
    if (!table) return;
    if (element.name === 'w:tr') table.startRow();
    else if (element.name === 'w:tblHeader' && isOn(element.attribute('val'))) table.setRowIsHeader();
    else if (element.name === 'w:tblLook' && showsFirstRow(element)) table.setFirstRowIsHeader();
    else if (element.name === 'w:tc') {
      table.startCell();
      this.#emits.push(table.cellEmit);
    }
  }

  #closeCell(): void {
    this.#tables.at(-1)?.endCell();
    this.#emits.pop();
  }

  #openRunPart(element: XmlElement): void {
    const { name } = element;
    const character = this.#parent === 'w:r' ? CHARACTERS[name] : undefined;
    if (character) this.#append(character);
    else if (name === 'w:vanish' && this.#path.at(-3) === 'w:r') this.#runIsHidden = isOn(element.attribute('val'));
    else if (name === 'w:rStyle')
      this.#runIsHidden ||= this.#options.styles.resolve(element.attribute('val')).hidden === true;
    else if (name === 'w:fldChar') this.#readField(element.attribute('fldCharType'));
    else if (name === 'wp:docPr') this.#describe(element.attribute('descr'));
    else if (name === 'w:altChunk') this.#options.chunkReferenced?.(element.attribute('id') ?? '');
    else if (name === 'w:footnoteReference') this.#notes.push(['footnote', element.attribute('id') ?? '']);
    else if (name === 'w:endnoteReference') this.#notes.push(['endnote', element.attribute('id') ?? '']);
    else if (name === 'w:gridCol') this.#tables.at(-1)?.addGridColumn();
    else if (name === 'w:gridSpan') this.#tables.at(-1)?.setCellWidth(Number(element.attribute('val')));
    else if (name === 'w:vMerge') {
      this.#tables.at(-1)?.setCellMerge(element.attribute('val') === 'restart' ? 'start' : 'continue');
    }
  }

  #readField(type: string | undefined): void {
    if (type === 'begin') this.#fields.push(false);
    else if (type === 'separate' && this.#fields.length > 0) this.#fields[this.#fields.length - 1] = true;
    else if (type === 'end') this.#fields.pop();
  }

  #append(text: string): void {
    if (this.#runIsHidden || this.#fields.includes(false)) return;
    this.#paragraphs.at(-1)?.text.push(text);
    this.#chars += text.length;
  }

  /** What stands for a picture where it cannot be seen. */
  #describe(text: string | undefined): void {
    if (text?.trim() && !this.#runIsHidden) this.#paragraphs.at(-1)?.text.push(` [${text.trim()}] `);
  }

  #closeParagraph(): void {
    const paragraph = this.#paragraphs.pop();
    if (!paragraph) return;
    this.#fields = this.#fields.filter((hasResult) => hasResult);
    const draft = paragraph.toDraft(this.#options.styles, this.#options.numbering);
    if (draft.text !== '') this.#emit(draft);
    for (const box of paragraph.boxes) this.#emit(box);
  }
}

/** Word marks a first row that is formatted as header, in words or as a bit mask. */
function showsFirstRow(look: XmlElement): boolean {
  const named = look.attribute('firstRow');
  return named === undefined ? (Number.parseInt(look.attribute('val') ?? '0', 16) & 0x20) !== 0 : isOn(named);
}
