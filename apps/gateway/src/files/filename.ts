const MAX_CHARACTERS = 255;
/** Control characters, lone surrogates, and marks that make a name read in another direction than it is written. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** A client's file name without folders and without what does not print; at most 255 characters, its extension kept. */
export function sanitizeFilename(name: string): string {
  const base = name.split(/[/\\]/).at(-1)!.normalize('NFC').replace(UNPRINTABLE, '').trim();
  if (/^\.*$/.test(base)) return 'unnamed';
  if (base.length <= MAX_CHARACTERS) return base;
  const dot = base.lastIndexOf('.');
  const extension = dot > 0 && base.length - dot <= 16 ? base.slice(dot) : '';
  return base.slice(0, MAX_CHARACTERS - extension.length).replace(UNPRINTABLE, '') + extension;
}

/** RFC 6266: saved under its own name, never shown by the browser in our origin. */
export function attachmentDisposition(filename: string): string {
  const ascii = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
