import { ProviderFailure } from '../policy/provider-failure.js';
import { normalize } from '../vector.js';

const DIMENSIONS: Record<string, number> = {
  'text-embedding-3-small': 1_536,
  'text-embedding-3-large': 3_072,
  'text-embedding-ada-002': 1_536,
};

export function knownDimensions(model: string): number | undefined {
  return DIMENSIONS[model];
}

/** Models trained so that a shortened vector is still good (Matryoshka); others refuse the parameter. */
export function supportsDimensions(model: string): boolean {
  return /^(text-embedding-3-|(models\/)?gemini-embedding-)/.test(model);
}

/**
 * The vectors of a response, in the order of the inputs. Servers that do not know `base64` send numbers when asked for it.
 * @throws ProviderFailure when some are missing or are no vectors
 */
export function readVectors(data: { index: number; embedding: unknown }[], count: number): Float32Array[] {
  if (!Array.isArray(data) || data.length !== count) throw unusable(`${data?.length ?? 0} of ${count} vectors`);
  const inOrder = data.toSorted((a, b) => a.index - b.index);
  return inOrder.map(({ embedding }) => {
    const vector = readVector(embedding);
    if (!normalize(vector)) throw unusable('a vector without direction');
    return vector;
  });
}

function readVector(embedding: unknown): Float32Array {
  if (Array.isArray(embedding)) return Float32Array.from(embedding as number[]);
  if (typeof embedding !== 'string') throw unusable('no vector');
  const bytes = Buffer.from(embedding, 'base64');
  const vector = new Float32Array(bytes.length >> 2);
  // Little-endian, as every platform that Node runs on; the copy is because pooled buffers may not be aligned.
  bytes.copy(new Uint8Array(vector.buffer));
  return vector;
}

function unusable(what: string): ProviderFailure {
  return new ProviderFailure('provider_error', `The embedding model provider gave ${what}.`);
}
