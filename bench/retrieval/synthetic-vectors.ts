import { Random } from './random.js';

export const DIMENSIONS = 1_536;
export const TOPICS = 200;

/**
 * How many directions meaning has. Embeddings of text vary in some tens of directions, however many numbers they have;
 * vectors that vary in all of them are all equally far from each other, and nearest neighbours mean nothing.
 */
const LATENT = 48;
const SPREAD = { topic: 1, document: 0.75, chunk: 0.55, query: 0.5 };
/** Length of the part that all vectors share, and of each one's own noise; meaning has a length of about 1. */
const COMMON = 0.6;
const NOISE = 0.35;

/** Embeddings as models give them: topics, documents within them, chunks within those, a shared direction and noise. */
export class SyntheticVectors {
  readonly #projection: Float32Array[];
  readonly #common: Float32Array;
  readonly #topics: Float32Array[];

  constructor(seed = 1) {
    const random = new Random(seed);
    this.#projection = Array.from({ length: LATENT }, () => random.normals(DIMENSIONS, 1 / Math.sqrt(DIMENSIONS)));
    this.#common = random.normals(DIMENSIONS, COMMON / Math.sqrt(DIMENSIONS));
    this.#topics = Array.from({ length: TOPICS }, () => random.normals(LATENT, SPREAD.topic));
  }

  /** What a document is about. */
  document(topic: number, random: Random): Float32Array {
    return moved(this.#topics[topic]!, SPREAD.document, random);
  }

  chunk(document: Float32Array, random: Random): Float32Array {
    return this.#embed(moved(document, SPREAD.chunk, random), random);
  }

  /** A question about something in the document, in words of its own. */
  query(document: Float32Array, random: Random): Float32Array {
    return this.#embed(moved(document, SPREAD.query, random), random);
  }

  #embed(meaning: Float32Array, random: Random): Float32Array {
    const norm = Math.hypot(...meaning);
    const noise = (NOISE * Math.sqrt(12)) / Math.sqrt(DIMENSIONS);
    const vector = new Float32Array(DIMENSIONS);
    for (let axis = 0; axis < LATENT; axis++) {
      const weight = meaning[axis]! / norm;
      const direction = this.#projection[axis]!;
      for (let index = 0; index < DIMENSIONS; index++) vector[index]! += weight * direction[index]!;
    }
    let squares = 0;
    for (let index = 0; index < DIMENSIONS; index++) {
      const value = vector[index]! + this.#common[index]! + noise * (random.uniform() - 0.5);
      vector[index] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    return vector.map((value) => value / length);
  }
}

/** Cosine does not mind the length, and whole numbers are written and read fastest; half precision holds no more digits. */
const SCALE = 1e5;

/** As pgvector reads it. */
export function vectorLiteral(vector: Float32Array): string {
  return `[${Int32Array.from(vector, (value) => Math.round(value * SCALE)).join(',')}]`;
}

function moved(from: Float32Array, distance: number, random: Random): Float32Array {
  return from.map((value) => value + distance * random.normal());
}
