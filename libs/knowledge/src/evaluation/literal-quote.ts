/** Soft hyphens, zero-width characters, bidirectional marks and the byte order mark: nobody sees them. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

/**
 * Text as quotes are compared: NFKC (so that ligatures and full-width letters are what they stand for), without invisible
 * characters, and every run of white space one space. Letters, case and punctuation stay as they are.
 */
export function normaliseQuote(text: string): string {
  return text.normalize('NFKC').replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();
}

/** Whether a quote stands in a text word for word, see `normaliseQuote`. An empty quote stands nowhere. */
export function isQuotedFrom(text: string, quote: string): boolean {
  if (quote.trim() === '') return false;
  if (text.includes(quote)) return true;
  const wanted = normaliseQuote(quote);
  return wanted !== '' && normaliseQuote(text).includes(wanted);
}
