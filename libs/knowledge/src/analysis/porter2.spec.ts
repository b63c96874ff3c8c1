import { describe, expect, it } from '@jest/globals';
import { stemEnglish } from './porter2.js';

/** Pairs from the vocabulary that Snowball publishes for its English stemmer, one or more per step of the algorithm. */
const STEMS = {
  caresses: 'caress',
  ties: 'tie',
  cries: 'cri',
  gas: 'gas',
  gaps: 'gap',
  kiwis: 'kiwi',
  agreed: 'agre',
  bleed: 'bleed',
  luxuriated: 'luxuri',
  hopping: 'hop',
  hoping: 'hope',
  falling: 'fall',
  cry: 'cri',
  by: 'by',
  say: 'say',
  relational: 'relat',
  conditional: 'condit',
  connection: 'connect',
  connected: 'connect',
  distribution: 'distribut',
  distributed: 'distribut',
  generously: 'generous',
  communism: 'communism',
  archaeology: 'archaeolog',
  hopefulness: 'hope',
  relative: 'relat',
  formalize: 'formal',
  adjustment: 'adjust',
  replacement: 'replac',
  rate: 'rate',
  controlling: 'control',
  roll: 'roll',
  knightly: 'knight',
  consistency: 'consist',
  skies: 'sky',
  dying: 'die',
  news: 'news',
  inning: 'inning',
  proceed: 'proceed',
  yelling: 'yell',
  "engine's": 'engin',
  ab: 'ab',
};

describe('stemming English', () => {
  it.each(Object.entries(STEMS))('gives %s the stem %s', (word, stem) => {
    expect(stemEnglish(word)).toBe(stem);
  });
});
