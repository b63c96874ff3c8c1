const ANSI_ESCAPES = /\x1B\[[0-9;?]*[A-Za-z]|\x1B[@-Z\\-_]/g;
const LINE_BREAKS = /\r\n?|[\x0B\f\x85\u2028\u2029]/g;
/** Controls, unpaired surrogates, non-characters, replacement and private characters, and what is invisible: soft hyphens, zero-width spaces, directional controls, tags. */
const INVISIBLE =
  /[\0-\x08\x0E-\x1F\x7F-\x9F\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFDD0-\uFDEF\uFFF9-\uFFFB]|[\p{Co}\p{Cs}]|[\u{E0000}-\u{E0FFF}]|[\uFFFD-\uFFFF]/gu;
/** Shapes of a letter that typesetters use instead of the letter: ligatures, Arabic forms, Han radicals. */
const PRESENTATION_FORMS =
  /[\uFB00-\uFB06\uFB13-\uFB17\uFB50-\uFDCF\uFDF0-\uFDFC\uFE70-\uFEFC\u2E9F\u2EF3\u2F00-\u2FD5]+/g;
const SPACES = /[^\S\n]+/g;

/** Text as it is indexed: NFC, line feeds, single spaces, no control or invisible characters. */
export function cleanText(text: string): string {
  return cleanCharacters(text)
    .replace(SPACES, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** As cleanText, but white space at the start of lines has a meaning. */
export function cleanCode(text: string): string {
  return cleanCharacters(text)
    .replace(/[^\S\n]+$/gm, '')
    .replace(/^\n+|\n+$/g, '');
}

function cleanCharacters(text: string): string {
  return text
    .replace(ANSI_ESCAPES, '')
    .replace(LINE_BREAKS, '\n')
    .replace(INVISIBLE, '')
    .replace(PRESENTATION_FORMS, (forms) => forms.normalize('NFKC'))
    .normalize('NFC');
}
