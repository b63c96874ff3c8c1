/** Scripts written without spaces, and Korean, whose words carry their particles: compared by pairs of characters. */
const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー`;
const RUNS = new RegExp(String.raw`[${UNSPACED}]+|(?:(?![${UNSPACED}])[\p{L}\p{N}\p{M}])+`, 'gu');
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, 'u');
const LATIN_ACCENTS = /[\u0300-\u036f]/g;

/** Words that say little, in the languages most often asked in. */
const STOPWORDS = new Set(
  `a about above after again all also am an and any are as at be because been before being below between both but by can
  could did do does doing down during each few for from further had has have having he her here hers him his how i if in
  into is it its itself just me more most my no nor not now of off on once only or other our out over own please same
  she should so some such tell than that the their them then there these they this those through to too under until up
  very was we were what when where which while who whom why will with would you your
  der die das den dem des ein eine einer eines einem einen und oder aber ist sind war waren wird werden wurde wurden von
  vom zu zum zur mit auf aus bei im in an am fur uber unter nach nicht auch als wie was wer wo wann warum welche welcher
  welches sich es er sie wir ihr man hat haben
  el la los las un una unos unas y o pero es son fue fueron era ser de del al en con por para que quien cual como cuando
  donde se su sus lo le les no mas este esta estos estas
  le les une des du et ou mais est sont etait dans sur avec pour par qui que quoi quel quelle quels quelles comment quand
  ce cette ces il elle ils elles on nous vous ne pas plus au aux`.split(/\s+/),
);

export interface Term {
  /** A lower-cased word, or a pair of characters of an unspaced script. */
  text: string;
  unspaced: boolean;
}

/** The words of a text, without case, width and Latin accents. */
export function termsOf(text: string): Term[] {
  const plain = text.normalize('NFKC').toLowerCase().normalize('NFD').replace(LATIN_ACCENTS, '').normalize('NFC');
  const terms: Term[] = [];
  for (const [run] of plain.matchAll(RUNS)) {
    if (IS_UNSPACED.test(run)) terms.push(...pairsOf(run));
    else terms.push({ text: run, unspaced: false });
  }
  return terms;
}

function pairsOf(run: string): Term[] {
  const characters = [...run];
  if (characters.length === 1) return [{ text: run, unspaced: true }];
  return characters.slice(1).map((character, index) => ({ text: `${characters[index]}${character}`, unspaced: true }));
}

export function isStopword(term: Term): boolean {
  return term.unspaced ? /^\p{Script=Hiragana}+$/u.test(term.text) : STOPWORDS.has(term.text);
}
