import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type AttributeFilter, TenantContext } from '@parley/contracts';
import { type EmbeddingSpace, type VectorRecall } from '@parley/knowledge';
import { counter, histogram } from '@parley/observability';
import { RecallSampler } from './recall-sampler.js';

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'member' });
const embedding = { vector: [1, 0], space: { id: ID } as EmbeddingSpace };
const filter: AttributeFilter = { type: 'eq', key: 'year', value: 2024 };

/** The sampler's own, by name. */
const recall = histogram('parley_retrieval_recall', '', ['filtered']);
const samples = counter('parley_retrieval_recall_samples_total', '', ['outcome']);

describe('RecallSampler', () => {
  let measure: jest.Mock<VectorRecall['measure']>;
  let now: number;

  beforeEach(() => {
    samples.reset();
    recall.reset();
    jest.useFakeTimers({ doNotFake: ['performance'] });
    now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    measure = jest.fn(async () => 0.9);
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const samplerOf = (sampleShare = 1) => new RecallSampler({ measure } as unknown as VectorRecall, { sampleShare });
  const query = { knowledgeBaseIds: ['one'], embedding };
  const outcomes = async () => {
    const { values } = await samples.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels['outcome'], value]));
  };
  const recorded = async () => {
    const { values } = await recall.get();
    const of = (suffix: string) =>
      values.filter((value) => 'metricName' in value && value.metricName === `parley_retrieval_recall_${suffix}`);
    return of('sum').map(({ labels, value }) => ({ filtered: labels['filtered'], sum: value }));
  };

  it('records what the index missed, after the search was answered', async () => {
    const sampler = samplerOf();
    sampler.offer(tenant, query);
    expect(measure).not.toHaveBeenCalled();
    await jest.runAllTimersAsync();
    expect(measure).toHaveBeenCalledWith(tenant, query);
    sampler.offer(tenant, { ...query, filter });
    await jest.runAllTimersAsync();
    expect(await recorded()).toEqual([
      { filtered: 'no', sum: 0.9 },
      { filtered: 'yes', sum: 0.9 },
    ]);
    expect(await outcomes()).toEqual({ measured: 2 });
  });

  it('samples the configured share, and only what has a vector', async () => {
    jest.spyOn(Math, 'random').mockReturnValueOnce(0.25).mockReturnValueOnce(0.24);
    const sampler = samplerOf(0.25);
    for (let count = 0; count < 2; count++) sampler.offer(tenant, query);
    sampler.offer(tenant, { ...query, embedding: undefined });
    samplerOf(0).offer(tenant, query);
    await jest.runAllTimersAsync();
    expect(measure).toHaveBeenCalledTimes(1);
  });

  it('measures one at a time, and rests the longer the longer one took', async () => {
    const slow = Promise.withResolvers<number>();
    measure.mockReturnValueOnce(slow.promise);
    const sampler = samplerOf();
    sampler.offer(tenant, query);
    await jest.runAllTimersAsync();
    sampler.offer(tenant, query);
    now += 100;
    slow.resolve(1);
    await jest.runAllTimersAsync();
    now += 1_999;
    sampler.offer(tenant, query);
    expect(measure).toHaveBeenCalledTimes(1);
    now += 1;
    sampler.offer(tenant, query);
    await jest.runAllTimersAsync();
    expect(measure).toHaveBeenCalledTimes(2);
    expect(await outcomes()).toEqual({ measured: 2, skipped: 2 });
  });

  it('counts a search that was exact anyway, and one that failed, and goes on', async () => {
    measure.mockResolvedValueOnce(null).mockRejectedValueOnce(new Error('canceling statement'));
    const sampler = samplerOf();
    for (let count = 0; count < 3; count++) {
      sampler.offer(tenant, query);
      await jest.runAllTimersAsync();
    }
    expect(await outcomes()).toEqual({ exact: 1, failed: 1, measured: 1 });
  });

  it('starts nothing once the app stops', async () => {
    const sampler = samplerOf();
    sampler.offer(tenant, query);
    sampler.onApplicationShutdown();
    await jest.runAllTimersAsync();
    expect(measure).not.toHaveBeenCalled();
  });
});
