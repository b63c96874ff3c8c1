import { describe, expect, it } from '@jest/globals';
import { detectLanguage } from './detect-language.js';
import { type Language } from './languages.js';

describe('detecting the language of a document', () => {
  it.each<[Language, string]>([
    ['ar', 'أعلنت الحكومة عن إجراءات جديدة في البلاد من أجل مكافحة التضخم'],
    ['da', 'Regeringen har i går meddelt at der vil komme nye tiltag mod inflationen i landet.'],
    ['de', 'Die Regierung hat gestern neue Maßnahmen gegen die Inflation in dem Land angekündigt.'],
    ['en', 'The government has announced new measures against the inflation in the country.'],
    ['es', 'El gobierno ha anunciado nuevas medidas contra la inflación en el país.'],
    ['fi', 'Hallitus ilmoitti eilen, että se aikoo tehdä uusia toimia, jotka ovat inflaatiota vastaan.'],
    ['fr', 'Le gouvernement a annoncé de nouvelles mesures contre l’inflation dans le pays.'],
    ['hu', 'A kormány tegnap bejelentette, hogy új intézkedéseket hoz az infláció ellen.'],
    ['it', 'Il governo ha annunciato nuove misure contro l’inflazione nel paese.'],
    ['nl', 'De regering heeft gisteren nieuwe maatregelen tegen de inflatie in het land aangekondigd.'],
    ['pt', 'O governo anunciou ontem novas medidas para combater a inflação no país.'],
    ['ro', 'Guvernul a anunțat ieri că va lua măsuri noi împotriva inflației din țară.'],
    ['ru', 'Правительство объявило о новых мерах по борьбе с инфляцией в стране.'],
    ['sv', 'Regeringen har i går meddelat att det kommer nya åtgärder mot inflationen i landet.'],
    ['tr', 'Hükümet enflasyonla mücadele için yeni önlemler alacağını ve bunu daha sonra açıkladı.'],
    ['und', '老城的房子在河边非常漂亮。'],
    ['und', 'sku;7741;0.25;300'],
    ['und', ''],
  ])('%s', (language, text) => {
    expect(detectLanguage(text)).toBe(language);
  });

  it('is not misled by foreign names and quotations', () => {
    const text =
      'The Deutsche Bahn and Die Zeit of Hamburg were mentioned by the president of the Société Générale in the article.';
    expect(detectLanguage(text)).toBe('en');
  });
});
