import { describe, expect, it } from '@jest/globals';
import { INFLECTED, PAIRED } from '../fixtures/languages.fixture.js';
import { analyse, analyseQuery } from './analyse.js';
import { detectLanguage } from './detect-language.js';
import { type Language } from './languages.js';

const inflected = Object.entries(INFLECTED) as [Language, (typeof INFLECTED)['en']][];
const paired = Object.entries(PAIRED);

/** What a question looks for among documents of the language. */
const askedTerms = (query: string, language: Language) =>
  analyseQuery(query)
    .filter(({ languages }) => languages.includes(language))
    .map(({ term }) => term);

describe.each(inflected)('a text in %s', (language, { text, forms, stopwords }) => {
  it('is taken for what it is', () => {
    expect(detectLanguage(text)).toBe(language);
  });

  it.each(forms)('is found by another form of a word: %s, asked for as %s', (inText, asked) => {
    expect(text).toContain(inText);
    const [term, ...more] = askedTerms(asked, language);
    expect(more).toEqual([]);
    expect(analyse(text, language)).toContain(term);
  });

  it('is not found by what every text says', () => {
    for (const word of stopwords.split(' ')) expect(text.toLowerCase().split(/[^\p{L}]+/u)).toContain(word);
    expect(askedTerms(stopwords, language)).toEqual([]);
    expect(analyse(stopwords, language)).toEqual([]);
  });
});

describe.each(paired)('a text in %s', (_, { text, asked, other }) => {
  it('is found by any two of its characters that stand together, whatever stands around them', () => {
    const language = detectLanguage(text);
    expect(language).toBe('und');
    const terms = analyse(text, language);
    expect(askedTerms(asked, language).filter((term) => terms.includes(term)).length).toBeGreaterThanOrEqual(2);
    expect(askedTerms(other, language).filter((term) => terms.includes(term))).toEqual([]);
  });
});
