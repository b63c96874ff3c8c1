import { stemmer as stemArabic } from '@orama/stemmers/arabic';
import { stemmer as stemDanish } from '@orama/stemmers/danish';
import { stemmer as stemDutch } from '@orama/stemmers/dutch';
import { stemmer as stemFinnish } from '@orama/stemmers/finnish';
import { stemmer as stemFrench } from '@orama/stemmers/french';
import { stemmer as stemGerman } from '@orama/stemmers/german';
import { stemmer as stemHungarian } from '@orama/stemmers/hungarian';
import { stemmer as stemItalian } from '@orama/stemmers/italian';
import { stemmer as stemNorwegian } from '@orama/stemmers/norwegian';
import { stemmer as stemPortuguese } from '@orama/stemmers/portuguese';
import { stemmer as stemRomanian } from '@orama/stemmers/romanian';
import { stemmer as stemRussian } from '@orama/stemmers/russian';
import { stemmer as stemSpanish } from '@orama/stemmers/spanish';
import { stemmer as stemSwedish } from '@orama/stemmers/swedish';
import { stemmer as stemTurkish } from '@orama/stemmers/turkish';
import { stopwords as arabic } from '@orama/stopwords/arabic';
import { stopwords as danish } from '@orama/stopwords/danish';
import { stopwords as dutch } from '@orama/stopwords/dutch';
import { stopwords as english } from '@orama/stopwords/english';
import { stopwords as finnish } from '@orama/stopwords/finnish';
import { stopwords as french } from '@orama/stopwords/french';
import { stopwords as german } from '@orama/stopwords/german';
import { stopwords as hungarian } from '@orama/stopwords/hungarian';
import { stopwords as italian } from '@orama/stopwords/italian';
import { stopwords as norwegian } from '@orama/stopwords/norwegian';
import { stopwords as portuguese } from '@orama/stopwords/portuguese';
import { stopwords as romanian } from '@orama/stopwords/romanian';
import { stopwords as russian } from '@orama/stopwords/russian';
import { stopwords as spanish } from '@orama/stopwords/spanish';
import { stopwords as swedish } from '@orama/stopwords/swedish';
import { stopwords as turkish } from '@orama/stopwords/turkish';
import { stemEnglish } from './porter2.js';

/** Languages with stemmer and stopwords, by ISO 639-1 code. */
export const STEMMED_LANGUAGES = [
  'ar',
  'da',
  'de',
  'en',
  'es',
  'fi',
  'fr',
  'hu',
  'it',
  'nl',
  'no',
  'pt',
  'ro',
  'ru',
  'sv',
  'tr',
] as const;

export type StemmedLanguage = (typeof STEMMED_LANGUAGES)[number];

/** `und` is ISO 639 for undetermined: words are taken as they stand. */
export type Language = StemmedLanguage | 'und';

export const LANGUAGES: readonly Language[] = [...STEMMED_LANGUAGES, 'und'];

export interface LanguageRules {
  stem: (word: string) => string;
  stopwords: ReadonlySet<string>;
}

/** The lists disagree about single letters (Spanish has all of a to z), so those that are words are named here. */
function rules(stem: (word: string) => string, list: readonly string[], letters = ''): LanguageRules {
  return { stem, stopwords: new Set([...list.filter((word) => [...word].length > 1), ...letters]) };
}

/** Stemmers are Snowball's; `@orama/stemmers` holds an older Porter stemmer for English, which cuts "-tion" wrongly. */
export const LANGUAGE_RULES: Readonly<Record<Language, LanguageRules>> = {
  ar: rules(stemArabic, arabic, 'أوفب'),
  da: rules(stemDanish, danish, 'i'),
  de: rules(stemGerman, german),
  en: rules(stemEnglish, english, 'ai'),
  es: rules(stemSpanish, spanish, 'aeouy'),
  fi: rules(stemFinnish, finnish),
  fr: rules(stemFrench, french, 'ày'),
  hu: rules(stemHungarian, hungarian, 'aeős'),
  it: rules(stemItalian, italian, 'aeioè'),
  nl: rules(stemDutch, dutch, 'u'),
  no: rules(stemNorwegian, norwegian, 'iå'),
  pt: rules(stemPortuguese, portuguese, 'aeoàé'),
  ro: rules(stemRomanian, romanian, 'ao'),
  ru: rules(stemRussian, russian, 'ивсакоуяж'),
  sv: rules(stemSwedish, swedish, 'i'),
  tr: rules(stemTurkish, turkish, 'o'),
  und: rules((word) => word, []),
};
