import { describe, expect, it } from '@jest/globals';
import { analyse, analyseQuery } from './analyse.js';
import { type Language } from './languages.js';

describe('analysing a text', () => {
  it.each<[Language, string, string]>([
    ['ar', 'الكتاب', 'كتاب'],
    ['da', 'husene', 'huset'],
    ['de', 'Häuser', 'Hauses'],
    ['en', 'connections', 'connected'],
    ['es', 'canciones', 'canción'],
    ['fi', 'talossa', 'talon'],
    ['fr', 'nationale', 'nationaux'],
    ['hu', 'házakban', 'házak'],
    ['it', 'gatti', 'gatto'],
    ['nl', 'lopende', 'lopend'],
    ['no', 'husene', 'huset'],
    ['pt', 'gatos', 'gato'],
    ['ro', 'caselor', 'casele'],
    ['ru', 'книгами', 'книги'],
    ['sv', 'flickorna', 'flickor'],
    ['tr', 'evlerde', 'evler'],
  ])('brings forms of a word together: %s', (language, one, other) => {
    expect(analyse(one, language)).toHaveLength(1);
    expect(analyse(one, language)).toEqual(analyse(other, language));
  });

  it.each<[Language, string, string[]]>([
    ['en', 'What is the purpose of a wing, and when was it?', ['purpos', 'wing']],
    ['de', 'Was ist der Zweck der Tragfläche?', ['zweck', 'tragflach']],
    ['fr', 'Quel est le but de l’aile et qu’il ait', ['but', 'ail']],
    ['und', 'What is the purpose?', ['what', 'is', 'the', 'purpose']],
  ])('leaves out the stopwords of the language: %s', (language, text, terms) => {
    expect(analyse(text, language)).toEqual(terms);
  });

  it('keeps repeats and order', () => {
    expect(analyse('wings tail wing', 'en')).toEqual(['wing', 'tail', 'wing']);
  });

  it('takes widths, ligatures and capitals for one', () => {
    expect(analyse('ＷＩＮＧ ﬁre Ⅻ', 'en')).toEqual(['wing', 'fire', 'xii']);
    expect(analyse('e\u0301te', 'und')).toEqual(analyse('\u00e9te', 'und'));
  });

  it('lower-cases Turkish as Turks do', () => {
    expect(analyse('IRMAK İZMİR', 'tr')).toEqual(analyse('ırmak izmir', 'tr'));
  });

  it('splits at everything but letters, digits and marks', () => {
    expect(analyse('state-of-the-art, 3.5 m/s²; foo_bar@example.org', 'und')).toEqual(
      'state of the art 3 5 m s2 foo bar example org'.split(' '),
    );
  });

  it('drops what an apostrophe sets off', () => {
    expect(analyse("the aircraft's wings don't fly; O’Neill’s", 'en')).toEqual(['aircraft', 'wing', 'fli', 'neill']);
  });

  it('cuts scripts without spaces into pairs', () => {
    expect(analyse('東京タワー')).toEqual(['東京', '京タ', 'タワ', 'ワー']);
    expect(analyse('猫 GPT4模型', 'en')).toEqual(['猫', 'gpt4', '模型']);
    expect(analyse('한국어')).toEqual(['한국', '국어']);
    expect(analyse('สวัสดี')).toEqual(['สวั', 'วัส', 'สดี']);
  });

  it('never gives an empty term, and bounds long ones', () => {
    expect(analyse('ـــ ً', 'ar').every((term) => term.length > 0)).toBe(true);
    expect(analyse('x'.repeat(5_000))[0]).toHaveLength(64);
    expect(analyse(' \n\t.,;!?')).toEqual([]);
  });
});

describe('analysing a query', () => {
  const termsFor = (query: string, language: Language) =>
    analyseQuery(query)
      .filter((term) => term.languages.includes(language))
      .map((term) => term.term)
      .sort();

  it.each<[string, Language, string]>([
    ['the distributed connections of wings', 'en', 'Distribution and connection of the wing'],
    ['die Häuser der Stadt', 'de', 'Ein Haus in den Städten'],
    ['東京タワー', 'und', '東京タワー'],
  ])('gives the terms of a document in any language: %s', (query, language, document) => {
    expect(termsFor(query, language)).toEqual([...new Set(analyse(document, language))].sort());
  });

  it('counts repeated words', () => {
    const found = analyseQuery('wing wings tail').find((term) => term.term === 'wing' && term.languages.includes('en'));
    expect(found?.count).toBe(2);
  });

  it('drops the stopwords of the language it is in for all languages', () => {
    for (const language of ['de', 'fr', 'und'] as const) {
      expect(termsFor('what is the boundary layer of a wing', language)).not.toContain('the');
    }
  });

  it('keeps a word that is a stopword of some other language only', () => {
    expect(termsFor('die casting', 'en')).toEqual(['cast', 'die']);
  });

  it('keeps the words when all of them are stopwords', () => {
    expect(termsFor('to be or not to be', 'und')).toEqual(['be', 'not', 'or', 'to']);
  });

  it('bounds a pasted text', () => {
    const text = Array.from({ length: 5_000 }, (_, index) => `word${index}`).join(' ');
    expect(analyseQuery(text).length).toBeLessThan(1_000);
  });
});
