import { parseList } from '../env.js';

export interface EmbeddingModelSetting {
  model: string;
  dimensions: number | undefined;
}

const MAX_MODELS = 32;
const MAX_DIMENSIONS = 4_000;

/** `name` or `name:dimensions`, separated by commas. A name may hold colons itself, as those of Ollama do. */
export function parseEmbeddingModels(text: string): EmbeddingModelSetting[] {
  const models = parseList(text).map((entry) => {
    const { model, dimensions } = /^(?<model>.+?)(?::(?<dimensions>\d+))?$/.exec(entry)!.groups!;
    return { model: model!, dimensions: dimensions === undefined ? undefined : Number(dimensions) };
  });
  const areLengths = models.every(({ dimensions = 1 }) => dimensions >= 1 && dimensions <= MAX_DIMENSIONS);
  if (!areLengths) throw new Error(`must have 1 to ${MAX_DIMENSIONS} dimensions after each colon`);
  if (models.length > MAX_MODELS) throw new Error(`must name at most ${MAX_MODELS} models`);
  return models;
}
