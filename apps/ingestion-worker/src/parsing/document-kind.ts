import { IngestionError } from './ingestion-error.js';

export type DocumentKind = 'pdf' | 'docx' | 'csv' | 'md' | 'html' | 'txt';

export const CONTENT_TYPES: Readonly<Record<DocumentKind, string>> = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  csv: 'text/csv',
  md: 'text/markdown',
  html: 'text/html',
  txt: 'text/plain',
};

const EXTENSIONS: Readonly<Record<string, DocumentKind>> = {
  pdf: 'pdf',
  docx: 'docx',
  docm: 'docx',
  csv: 'csv',
  tsv: 'csv',
  md: 'md',
  markdown: 'md',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  txt: 'txt',
  text: 'txt',
  log: 'txt',
};

const MIME_TYPES: Readonly<Record<string, DocumentKind>> = {
  ...Object.fromEntries(Object.entries(CONTENT_TYPES).map(([kind, type]) => [type, kind as DocumentKind])),
  'application/xhtml+xml': 'html',
  'text/tab-separated-values': 'csv',
  'text/x-markdown': 'md',
};

/** Formats told by their first bytes that are not read here, by the name their owner knows. */
const FOREIGN: readonly { magic: string; offset?: number; name: string }[] = [
  { magic: '\x89PNG', name: 'a PNG image' },
  { magic: '\xFF\xD8\xFF', name: 'a JPEG image' },
  { magic: 'GIF8', name: 'a GIF image' },
  { magic: 'WEBP', offset: 8, name: 'a WebP image' },
  { magic: 'II*\0', name: 'a TIFF image' },
  { magic: 'MM\0*', name: 'a TIFF image' },
  { magic: '\x1F\x8B', name: 'a gzip archive' },
  { magic: 'BZh', name: 'a bzip2 archive' },
  { magic: '\xFD7zXZ', name: 'an xz archive' },
  { magic: '7z\xBC\xAF', name: 'a 7-Zip archive' },
  { magic: 'Rar!', name: 'a RAR archive' },
  { magic: 'ustar', offset: 257, name: 'a tar archive' },
  { magic: '\x7FELF', name: 'a program' },
  { magic: 'SQLite format 3', name: 'a database' },
  { magic: 'ID3', name: 'a sound file' },
  { magic: 'ftyp', offset: 4, name: 'a video file' },
];

const FOREIGN_TEXT: readonly { magic: string; name: string }[] = [
  { magic: '%!PS', name: 'a PostScript file' },
  { magic: '{\\rtf', name: 'an RTF document' },
];

const OLE2 = '\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1';
const ZIP = ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'];
const PDF_HEADER_BYTES = 1024;
export const SUPPORTED = 'Supported are pdf, docx, txt, md, csv and html.';

/**
 * What the file is: by its first bytes, and only text by its name or declared type.
 * @throws IngestionError `unsupported`, `encrypted`, or `corrupt` when the content is not what the name says.
 */
export function documentKind(bytes: Buffer, extension: string, contentType?: string): DocumentKind {
  const head = bytes.toString('latin1', 0, PDF_HEADER_BYTES);
  const named = EXTENSIONS[extension] ?? (extension === '' ? kindOfType(contentType) : undefined);
  if (!named && extension !== '') throw unsupportedName(extension);
  if (head.startsWith(OLE2)) throw ole2Failure(bytes, named);
  if (head.includes('%PDF-')) return named && named !== 'pdf' && !head.startsWith('%PDF-') ? named : 'pdf';
  if (ZIP.some((magic) => head.startsWith(magic))) return 'docx';
  const foreign = foreignFormat(head);
  if (foreign) throw foreignContent(foreign, extension);
  if (bytes.length === 0) throw new IngestionError('no_text', 'The file is empty.');
  if (named === 'pdf' || named === 'docx') {
    throw new IngestionError('corrupt', `The file is damaged: it does not begin like a ${named.toUpperCase()} file.`);
  }
  if (named) return named;
  if (/^\s*<(?:!doctype html|html)/i.test(head)) return 'html';
  throw new IngestionError('unsupported', `The kind of the file cannot be told. ${SUPPORTED}`);
}

/** Lower case, without the dot; empty when the name has none. */
export function extensionOf(filename: string): string {
  return /\.([^./\\]*)$/.exec(filename)?.[1]?.toLowerCase() ?? '';
}

/** Whether the name alone tells what kind of document it is. */
export function hasKnownExtension(filename: string): boolean {
  return Object.hasOwn(EXTENSIONS, extensionOf(filename));
}

function kindOfType(contentType: string | undefined): DocumentKind | undefined {
  return MIME_TYPES[(contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''];
}

/** Some magic numbers are plain letters that a text may begin with, but no text holds a zero byte. */
function foreignFormat(head: string): string | undefined {
  const text = FOREIGN_TEXT.find(({ magic }) => head.startsWith(magic));
  const isBinary = /[\0\x80-\xFF]/.test(head);
  return text?.name ?? FOREIGN.find(({ magic, offset = 0 }) => isBinary && head.startsWith(magic, offset))?.name;
}

function foreignContent(name: string, extension: string): IngestionError {
  return extension in EXTENSIONS
    ? new IngestionError('corrupt', `The file is named .${extension} but its content is ${name}.`)
    : new IngestionError('unsupported', `The file is ${name}. ${SUPPORTED}`);
}

/** An OLE2 container is an old Office document, or a new one behind a password. */
function ole2Failure(bytes: Buffer, named: DocumentKind | undefined): IngestionError {
  if (named && bytes.includes(Buffer.from('EncryptedPackage', 'utf16le'))) {
    return new IngestionError(
      'encrypted',
      'The document is protected with a password. Save it without one and upload it again.',
    );
  }
  return oldOffice();
}

function unsupportedName(extension: string): IngestionError {
  if (extension === 'doc' || extension === 'dot') return oldOffice();
  return new IngestionError('unsupported', `Files named .${extension.slice(0, 16)} are not supported. ${SUPPORTED}`);
}

function oldOffice(): IngestionError {
  return new IngestionError(
    'unsupported',
    'Documents of Word 97-2003 (.doc) and other old Office formats are not supported. Save the document as .docx and upload it again.',
  );
}
