import { analyse } from '@parley/knowledge';
import { Random } from './random.js';
import { TOPICS } from './synthetic-vectors.js';

const VOCABULARY = 30_000;
/** Zipf's law with Mandelbrot's shift: the commonest word is a twentieth of the text. */
const EXPONENT = 1.05;
const SHIFT = 2.7;
const WORDS_PER_TOPIC = 150;
const TOPIC_SHARE = 0.3;
const CHUNK_WORDS = { least: 60, most: 140 };
const QUERY_WORDS = { topic: 3, common: 2 };

const ONSETS = [
  'b',
  'br',
  'c',
  'd',
  'dr',
  'f',
  'g',
  'gl',
  'h',
  'k',
  'l',
  'm',
  'n',
  'p',
  'pr',
  'r',
  's',
  'st',
  't',
  'v',
];
const NUCLEI = ['a', 'e', 'i', 'o', 'u', 'ai', 'ea', 'ou'];
const CODAS = ['', 'n', 'r', 'l', 'm', 'nd', 'ck', 'st', 'th'];

export interface SyntheticText {
  text: string;
  /** As the product's analyser gives them. */
  terms: string[];
}

/** Texts whose words are as rare and as common as in a language; each topic has words of its own. */
export class SyntheticTexts {
  readonly #words: string[];
  readonly #terms: string[][];
  readonly #cumulative: Float64Array;
  readonly #topics: number[][];

  constructor(seed = 2) {
    const random = new Random(seed);
    this.#words = vocabulary(random);
    this.#terms = this.#words.map((word) => analyse(word, 'en'));
    this.#cumulative = new Float64Array(VOCABULARY);
    let total = 0;
    for (let rank = 0; rank < VOCABULARY; rank++) {
      total += 1 / (rank + 1 + SHIFT) ** EXPONENT;
      this.#cumulative[rank] = total;
    }
    const rare = () => 300 + random.integer(VOCABULARY - 300);
    this.#topics = Array.from({ length: TOPICS }, () => Array.from({ length: WORDS_PER_TOPIC }, rare));
  }

  chunk(topic: number, random: Random): SyntheticText {
    const count = CHUNK_WORDS.least + random.integer(CHUNK_WORDS.most - CHUNK_WORDS.least);
    return this.#text(
      Array.from({ length: count }, () =>
        random.uniform() < TOPIC_SHARE ? this.#ofTopic(topic, random) : this.#any(random),
      ),
    );
  }

  query(topic: number, random: Random): string {
    const own = Array.from({ length: QUERY_WORDS.topic }, () => this.#ofTopic(topic, random));
    const common = Array.from({ length: QUERY_WORDS.common }, () => this.#any(random));
    return this.#text([...own, ...common]).text;
  }

  #text(words: number[]): SyntheticText {
    return {
      text: words.map((word) => this.#words[word]).join(' '),
      terms: words.flatMap((word) => this.#terms[word]!),
    };
  }

  #ofTopic(topic: number, random: Random): number {
    // The square makes some of a topic's words much commoner than others.
    return this.#topics[topic]![Math.floor(WORDS_PER_TOPIC * random.uniform() ** 2)]!;
  }

  #any(random: Random): number {
    const wanted = random.uniform() * this.#cumulative[VOCABULARY - 1]!;
    let low = 0;
    let high = VOCABULARY - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#cumulative[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function vocabulary(random: Random): string[] {
  const one = (list: string[]) => list[random.integer(list.length)]!;
  const words = new Set<string>();
  while (words.size < VOCABULARY) {
    const syllables = 2 + random.integer(3);
    words.add(Array.from({ length: syllables }, () => one(ONSETS) + one(NUCLEI) + one(CODAS)).join(''));
  }
  return [...words];
}
