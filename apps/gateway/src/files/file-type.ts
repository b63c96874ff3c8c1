import { DomainError } from '@parley/contracts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  txt: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

const ALIASES: Readonly<Record<string, string>> = { htm: 'html', markdown: 'md', text: 'txt' };

/**
 * The content type of an upload, by its name's extension: what the client claims is not trusted.
 * @throws DomainError `unsupported_file_type`
 */
export function contentTypeOf(filename: string, allowedExtensions: readonly string[]): string {
  const { extension, type } = typeOf(filename);
  if (!allowedExtensions.includes(type) && !allowedExtensions.includes(extension)) {
    const what = extension === '' ? 'Files without an extension' : `Files of type .${extension}`;
    const message = `${what} are not supported. Supported are: ${allowedExtensions.join(', ')}.`;
    throw new DomainError('unsupported_file_type', message, { param: 'file' });
  }
  return CONTENT_TYPES[type] ?? 'application/octet-stream';
}

/** The media type of a file that is known already, by its name. */
export function mediaTypeOf(filename: string): string {
  return CONTENT_TYPES[typeOf(filename).type]?.split(';')[0] ?? 'application/octet-stream';
}

function typeOf(filename: string): { extension: string; type: string } {
  const dot = filename.lastIndexOf('.');
  const extension = dot < 0 ? '' : filename.slice(dot + 1).toLowerCase();
  return { extension, type: ALIASES[extension] ?? extension };
}
