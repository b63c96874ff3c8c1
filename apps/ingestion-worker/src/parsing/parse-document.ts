import { type BlockSink, BlockWriter } from './block-writer.js';
import { CONTENT_TYPES, documentKind, type DocumentKind, extensionOf } from './document-kind.js';
import { type DocumentParser } from './document-parser.js';
import { IngestionError } from './ingestion-error.js';
import { type ParsedFile } from './parsed-document.js';

/** Loaded when needed: a process reads one file, and the PDF reader alone is large. */
const PARSERS: Readonly<Record<DocumentKind, () => Promise<DocumentParser>>> = {
  pdf: async () => (await import('./pdf/pdf.parser.js')).parsePdf,
  docx: async () => (await import('./docx/docx.parser.js')).parseDocx,
  csv: async () => (await import('./csv/csv.parser.js')).parseCsv,
  md: async () => (await import('./markdown/markdown.parser.js')).parseMarkdown,
  html: async () => (await import('./html/html.parser.js')).parseHtml,
  txt: async () => (await import('./plain-text.parser.js')).parsePlainText,
};

const NO_TEXT: Readonly<Partial<Record<DocumentKind, string>>> = {
  pdf: 'The PDF holds no text, probably scanned images. Run text recognition (OCR) on it and upload it again.',
};

export interface DocumentRequest {
  bytes: Buffer;
  filename: string;
  contentType?: string | undefined;
  asArticle?: boolean | undefined;
  maxTextChars: number;
  maxPages?: number | undefined;
}

/**
 * Reads one document in this process and hands out its blocks as they are found.
 * @throws IngestionError; blocks handed out before are then worth nothing.
 */
export async function parseDocument(
  { bytes, filename, contentType, asArticle, maxTextChars, maxPages }: DocumentRequest,
  sink: BlockSink,
): Promise<ParsedFile> {
  const extension = extensionOf(filename);
  const kind = documentKind(bytes, extension, contentType);
  const out = new BlockWriter(maxTextChars, sink);
  const parse = await PARSERS[kind]();
  const facts = await parse({ bytes, extension, charset: charsetOf(contentType), asArticle, maxPages }, out);
  if (!out.hasWords) throw new IngestionError('no_text', NO_TEXT[kind] ?? 'The document holds no text.');
  const { language, pageCount, pageLabels, article } = facts;
  return {
    contentType: CONTENT_TYPES[kind],
    ...(language ? { language } : {}),
    ...(pageCount ? { pageCount } : {}),
    ...(pageLabels ? { pageLabels } : {}),
    ...(article ? { article } : {}),
  };
}

function charsetOf(contentType = ''): string | undefined {
  return /;\s*charset\s*=\s*"?([\w-]{1,40})/i.exec(contentType)?.[1];
}
