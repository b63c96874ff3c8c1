import { extname } from 'node:path';
import { CONTENT_TYPES, type DocumentKind, hasKnownExtension } from '../parsing/document-kind.js';
import { type ParsedFile } from '../parsing/parsed-document.js';

const MAX_NAME_CHARS = 200;
/** What servers say when they do not know better. */
const VAGUE_TYPES = new Set(['', 'application/octet-stream', 'binary/octet-stream', 'text/plain']);
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069/\\]/gu;

/** Under which name a fetched file is parsed: what the server declares counts, and the address where that says nothing. */
export function parserFilename(url: URL, contentType: string): string {
  const mediaType = mediaTypeOf(contentType);
  const named = lastSegment(url);
  if (VAGUE_TYPES.has(mediaType) && hasKnownExtension(named)) return named;
  return mediaType === 'text/plain' ? 'page.txt' : 'page';
}

/** How a page is called in lists and citations: by its title, a file by its name, and else by the host. */
export function pageFilename(url: URL, { contentType, article }: ParsedFile): string {
  const kind = Object.entries(CONTENT_TYPES).find(([, type]) => type === contentType)?.[0] ?? 'html';
  const named = lastSegment(url);
  const isPage = (kind as DocumentKind) === 'html';
  const stem = isPage ? (article?.title ?? '') : named.slice(0, named.length - extname(named).length);
  const clean = stem.normalize('NFC').replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim().slice(0, MAX_NAME_CHARS);
  return `${/[^.\s]/.test(clean) ? clean.toWellFormed() : url.hostname}.${kind}`;
}

export function mediaTypeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

function lastSegment(url: URL): string {
  const segment = url.pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
