import { IngestionError } from '../ingestion-error.js';

const ENOUGH_CHARS = 30;
const ENOUGH_LETTERS = 200;
const WORD = /\p{L}{3,}/gu;

interface FontSample {
  chars: number;
  undefinedChars: number;
  signs: number;
  letters: number;
  vowels: number;
  wordChars: number;
}

/**
 * Some fonts do not say which characters their shapes stand for: the page reads well, and the text is nonsense.
 * Leaves out the lines in such fonts.
 * @throws IngestionError `unknown_encoding` when that is most of the document
 */
export function withoutGarbledLines<Line extends { text: string; font: string }>(pages: readonly Line[][]): Line[][] {
  const samples = new Map<string, FontSample>();
  for (const { text, font } of pages.flat()) samples.set(font, addTo(samples.get(font), text));
  const garbled = new Set([...samples].filter(([, sample]) => isGarbled(sample)).map(([font]) => font));
  if (garbled.size === 0) return [...pages];
  const sum = (fonts: Iterable<string>): number =>
    [...fonts].reduce((chars, font) => chars + (samples.get(font)?.chars ?? 0), 0);
  if (sum(garbled) * 2 > sum(samples.keys())) throw unreadableFonts();
  return pages.map((lines) => lines.filter(({ font }) => !garbled.has(font)));
}

function addTo(sample: FontSample | undefined, text: string): FontSample {
  const sum = sample ?? { chars: 0, undefinedChars: 0, signs: 0, letters: 0, vowels: 0, wordChars: 0 };
  sum.chars += text.replace(/\s/g, '').length;
  sum.undefinedChars += text.match(/[\p{Co}\p{Cn}\uFFFD\0-\x1F\x7F-\x9F]/gu)?.length ?? 0;
  sum.signs += text.match(/[!"#$%&@?;^~`|\\]/g)?.length ?? 0;
  sum.letters += text.match(/\p{sc=Latin}/gu)?.length ?? 0;
  sum.vowels += text.normalize('NFD').match(/[aeiouyæøœıə]/gi)?.length ?? 0;
  for (const [word] of text.matchAll(WORD)) sum.wordChars += word.length;
  return sum;
}

/** Undefined characters, signs where words should be, or words that hardly hold a vowel. */
function isGarbled({ chars, undefinedChars, signs, letters, vowels, wordChars }: FontSample): boolean {
  if (chars < ENOUGH_CHARS) return false;
  if (undefinedChars > chars * 0.3) return true;
  if (signs > chars * 0.2 && wordChars < chars * 0.1) return true;
  return letters >= ENOUGH_LETTERS && letters > chars * 0.5 && vowels < letters * 0.15;
}

function unreadableFonts(): IngestionError {
  return new IngestionError(
    'unknown_encoding',
    'The fonts of the PDF do not say which characters they show, so its text cannot be read. Run text recognition (OCR) on it and upload it again.',
  );
}
