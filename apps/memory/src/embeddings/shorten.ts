import { DomainError } from '@parley/contracts';

/**
 * The first components, at length 1 again, as OpenAI's `dimensions` does for models trained that way.
 * @throws DomainError `invalid_request` when the model's vectors are shorter
 */
export function shorten(vector: Float32Array, dimensions: number): Float32Array {
  if (dimensions > vector.length) {
    throw new DomainError('invalid_request', `This model's vectors have ${vector.length} dimensions.`, {
      param: 'dimensions',
    });
  }
  const short = vector.slice(0, dimensions);
  const length = Math.hypot(...short);
  return length === 0 ? short : short.map((component) => component / length);
}
