import { type BlockDraft, type BlockWriter } from '../block-writer.js';
import { type DocumentFacts, type DocumentSource } from '../document-parser.js';
import { IngestionError } from '../ingestion-error.js';
import { HeadingStyle } from './heading-style.js';
import { joinLines, vocabularyOf } from './joined-text.js';
import { isListItem, type PageLine, type Paragraph, paragraphsOf } from './paragraph.js';
import { openPdf } from './pdf-document.js';
import { withoutGarbledLines } from './garbled-text.js';
import { separateColumns } from './separate-columns.js';
import { withoutRunningLines } from './running-lines.js';
import { textLines } from './text-line.js';

/** Page by page; paragraphs are put together from the places of their lines, because a PDF knows no paragraphs. */
export async function parsePdf({ bytes, maxPages }: DocumentSource, out: BlockWriter): Promise<DocumentFacts> {
  const document = await openPdf(bytes);
  if (document.pageCount > (maxPages ?? Infinity)) throw tooManyPages(document.pageCount, maxPages);
  const pages: PageLine[][] = [];
  const entries: BlockDraft[] = [];
  for (let number = 1; number <= document.pageCount; number++) {
    const page = await document.page(number);
    const lines = separateColumns(textLines(page.runs)).map((line) => ({ ...line, page: number }));
    for (const { text } of lines) out.reserve(text.length);
    pages.push(lines);
    entries.push(...page.entries.map((text) => ({ kind: 'paragraph' as const, text, page: number })));
    out.progress(number, document.pageCount + 1);
  }
  const pageLabels = await document.pageLabels();
  await document.close();
  writePages(withoutRunningLines(withoutGarbledLines(pages)).flat(), entries, out);
  return { pageCount: document.pageCount, pageLabels, language: document.language };
}

function tooManyPages(count: number, most = 0): IngestionError {
  const [pages, limit] = [count.toLocaleString('en'), most.toLocaleString('en')];
  const message = `The PDF has ${pages} pages, and no more than ${limit} are read. Split it into smaller files.`;
  return new IngestionError('too_large', message);
}

/** What was typed into a page follows the text of that page. */
function writePages(lines: readonly PageLine[], entries: BlockDraft[], out: BlockWriter): void {
  const vocabulary = vocabularyOf(lines);
  const headings = new HeadingStyle(lines);
  let nextEntry = 0;
  const writeEntriesBefore = (page: number): void => {
    for (let entry = entries[nextEntry]; entry && (entry.page ?? 0) < page; entry = entries[++nextEntry])
      out.write(entry);
  };
  let header: string | undefined;
  for (const paragraph of paragraphsOf(lines)) {
    const page = paragraph.lines[0]?.page ?? 1;
    writeEntriesBefore(page);
    if (paragraph.isTableRow) {
      const row = rowOf(paragraph, header);
      out.write({ ...row, page });
      header ??= isHeaderLine(paragraph) ? row.text : '';
    } else {
      out.write({ ...blockOf(paragraph, vocabulary, headings), page, pageEnd: paragraph.lines.at(-1)?.page });
      header = undefined;
    }
  }
  writeEntriesBefore(Infinity);
}

function rowOf({ lines }: Paragraph, header: string | undefined): BlockDraft {
  return { kind: 'table-row', text: lines.flatMap(({ cells }) => cells.map(({ text }) => text)).join(' | '), header };
}

/** The first row of a table with several columns names them, unless it holds figures. */
function isHeaderLine({ lines }: Paragraph): boolean {
  const cells = lines[0]?.cells ?? [];
  return cells.length > 2 && !cells.some(({ text }) => /\d/.test(text));
}

function blockOf({ lines }: Paragraph, vocabulary: ReadonlySet<string>, headings: HeadingStyle): BlockDraft {
  const text = joinLines(lines, vocabulary);
  const level = headings.levelOf(lines, text);
  if (level !== undefined) return { kind: 'heading', text, level };
  return { kind: isListItem(text) ? 'list-item' : 'paragraph', text };
}
