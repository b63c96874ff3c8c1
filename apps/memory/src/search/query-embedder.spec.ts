import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DomainError, type ErrorCode } from '@parley/contracts';
import { type EmbeddingSpace } from '@parley/knowledge';
import { type EmbeddingModel, type EmbeddingProviders, type EmbeddingResult } from '@parley/llm';
import { QueryEmbedder } from './query-embedder.js';

const spaceOf = (model: string) => ({ id: `space of ${model}`, model, dimensions: 2 }) as EmbeddingSpace;
const running = () => new AbortController().signal;

describe('QueryEmbedder', () => {
  let embed: jest.Mock<(model: string, texts: string[], signal: AbortSignal) => Promise<EmbeddingResult>>;
  let embedder: QueryEmbedder;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    embed = jest.fn(async (model, texts) => ({
      vectors: texts.map((text) => Float32Array.of(model.length, text.length)),
      promptTokens: 1,
    }));
    const of = ({ model }: EmbeddingModel) => ({
      embed: (texts: string[], { signal }: { signal: AbortSignal }) => embed(model, texts, signal),
    });
    embedder = new QueryEmbedder({ of } as unknown as EmbeddingProviders);
  });
  afterEach(() => void jest.restoreAllMocks());

  it('embeds the queries once per space', async () => {
    const vectors = await embedder.embed(['why?', 'how?!'], [spaceOf('m'), spaceOf('mm')], running());
    expect([...vectors]).toEqual([
      ['space of m', [Float32Array.of(1, 4), Float32Array.of(1, 5)]],
      ['space of mm', [Float32Array.of(2, 4), Float32Array.of(2, 5)]],
    ]);
    expect(embed).toHaveBeenCalledTimes(2);
  });

  it('asks for nothing when there is nothing to embed or to compare with', async () => {
    expect((await embedder.embed([], [spaceOf('m')], running())).size).toBe(0);
    expect((await embedder.embed(['why?'], [], running())).size).toBe(0);
    expect(embed).not.toHaveBeenCalled();
  });

  it.each<ErrorCode>([
    'provider_error',
    'provider_rate_limited',
    'timeout',
    'service_unavailable',
    'context_length_exceeded',
    'model_not_found',
  ])('leaves out a space whose model answers %s, and no other', async (code) => {
    embed.mockRejectedValueOnce(new DomainError(code, 'No.'));
    const vectors = await embedder.embed(['why?'], [spaceOf('gone'), spaceOf('m')], running());
    expect([...vectors.keys()]).toEqual(['space of m']);
  });

  it('leaves out a model that does not answer in time', async () => {
    const patience = new AbortController();
    jest.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal);
    embed.mockImplementation((_model, _texts, signal) => {
      patience.abort(new DOMException('too slow', 'TimeoutError'));
      return Promise.reject(signal.reason);
    });
    expect((await embedder.embed(['why?'], [spaceOf('m')], running())).size).toBe(0);
  });

  it('fails with a fault of ours, and when nobody waits any more', async () => {
    embed.mockRejectedValueOnce(new Error('A fault.'));
    await expect(embedder.embed(['why?'], [spaceOf('m')], running())).rejects.toThrow('A fault.');
    const over = new DomainError('timeout', 'The handler took too long.');
    embed.mockRejectedValueOnce(over);
    await expect(embedder.embed(['why?'], [spaceOf('m')], AbortSignal.abort(over))).rejects.toBe(over);
  });
});
