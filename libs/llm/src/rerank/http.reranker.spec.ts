import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenAiStub, type StubReply } from '../fixtures/openai-stub.fixture.js';
import { HttpReranker } from './http.reranker.js';

const json =
  (body: unknown, status = 200): StubReply =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const judged = (...scores: number[]) => ({
  results: scores.map((relevance_score, index) => ({ index, relevance_score })).reverse(),
});

describe('HttpReranker', () => {
  let stub: OpenAiStub;
  /** Others' may arrive after their test has ended. */
  const requestsFor = (query: string) => stub.requests.filter(({ body }) => body.query === query).length;
  const running = () => new AbortController().signal;
  const reranker = (timeoutMs = 5_000) =>
    new HttpReranker({ baseUrl: stub.baseUrl, model: 'judge', apiKey: 'secret-key', topN: 20, timeoutMs });

  beforeAll(async () => {
    stub = await OpenAiStub.start();
  });
  afterAll(() => stub?.stop());

  it('asks for a relevance of each text and gives them in their order', async () => {
    stub.reply(json(judged(0.2, 0.9)));
    expect(await reranker().rerank('why?', ['a', 'b'], running())).toEqual([0.2, 0.9]);
    expect(stub.last).toMatchObject({
      path: '/v1/rerank',
      headers: { authorization: 'Bearer secret-key' },
      body: { model: 'judge', query: 'why?', documents: ['a', 'b'], top_n: 2 },
    });
  });

  it('keeps scores between 0 and 1', async () => {
    stub.reply(json(judged(-3, 7)));
    expect(await reranker().rerank('why?', ['a', 'b'], running())).toEqual([0, 1]);
  });

  it.each<[string, StubReply, string]>([
    ['an answer without results', json({}), 'provider_error'],
    ['a text that was not judged', json(judged(0.5)), 'provider_error'],
    ['a failure', json({ message: 'no' }, 500), 'provider_error'],
    ['a rate limit', json({ message: 'slow down' }, 429), 'provider_rate_limited'],
  ])('fails for %s, after one more try at most', async (what, reply, code) => {
    stub.reply(reply);
    await expect(reranker().rerank(what, ['a', 'b'], running())).rejects.toMatchObject({ code });
    expect([1, 2]).toContain(requestsFor(what));
  });

  it('gives up in time, and when nobody waits any more', async () => {
    stub.reply(() => undefined);
    await expect(reranker(50).rerank('why?', ['a'], running())).rejects.toMatchObject({ code: 'timeout' });
    const reason = new Error('gone');
    await expect(reranker().rerank('why?', ['a'], AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('asks no more while the reranker is failing', async () => {
    const failing = reranker();
    stub.reply(json({}, 503));
    for (let search = 0; search < 5; search++) {
      await expect(failing.rerank('again?', ['a'], running())).rejects.toThrow();
    }
    await expect(failing.rerank('again?', ['a'], running())).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(requestsFor('again?')).toBeLessThanOrEqual(5);
  });
});
