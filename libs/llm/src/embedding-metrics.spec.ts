import { describe, expect, it } from '@jest/globals';
import { metricValue } from '@parley/testing';
import { BuiltinEmbeddingProvider } from './builtin/builtin.embedding-provider.js';
import { embeddingMetrics } from './embedding-metrics.js';

describe('The metrics of embedding', () => {
  it('count each batch, with its time and how it ended', async () => {
    const provider = new BuiltinEmbeddingProvider(embeddingMetrics);
    const texts = Array.from({ length: 65 }, (_, index) => `text number ${index}`);
    for await (const { vectors } of provider.embedBatches(texts)) expect(vectors.length).toBeGreaterThan(0);
    await expect(provider.embed([''])).rejects.toMatchObject({ code: 'invalid_request' });
    const counted = (outcome: string) => metricValue('parley_embedding_batches_total', { outcome });
    expect([await counted('completed'), await counted('invalid_request')]).toEqual([2, 1]);
    expect(await metricValue('parley_embedding_batch_seconds_count')).toBe(3);
  });
});
