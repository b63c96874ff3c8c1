import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type OutgoingMessage } from '../publisher.js';
import { StreamPost } from './stream-post.js';

const ADDRESS = 'parley.gateway.streams.bundles.1';
const OLD_ADDRESS = 'parley.gateway.streams.1';
const item = (streamId: string, seq: number, data: unknown = 'x') => ({ streamId, seq, data, isLast: false });

describe('What streams send', () => {
  let sent: OutgoingMessage[];
  let post: StreamPost;

  beforeEach(() => {
    sent = [];
    post = new StreamPost({ send: (message) => void sent.push(message) });
  });

  const bundles = () =>
    sent.map(({ body }) => (JSON.parse(String(body)) as { streamId: string }[]).map((one) => one.streamId));

  it('leaves as one message with what others send to the same process in the same turn, promises included', async () => {
    post.send(ADDRESS, item('one', 1));
    await Promise.resolve();
    post.send(ADDRESS, item('two', 1));
    post.send('parley.gateway.streams.bundles.2', item('three', 1));
    expect(sent).toEqual([]);

    await nextTurn();
    expect(bundles()).toEqual([['one', 'two'], ['three']]);
  });

  it('does not wait once it is much, and keeps its order', async () => {
    for (const seq of [1, 2, 3]) post.send(ADDRESS, item(String(seq), seq, 'x'.repeat(40_000)));
    expect(bundles()).toEqual([['1', '2']]);

    await nextTurn();
    expect(bundles()).toEqual([['1', '2'], ['3']]);
  });

  it('is not overtaken by what has to leave by itself', async () => {
    post.send(ADDRESS, item('one', 1));
    post.now(ADDRESS, item('one', 2), { mandatory: true });

    expect(bundles()).toEqual([['one'], ['one']]);
    expect(sent[1]!.properties.mandatory).toBe(true);
    await nextTurn();
    expect(sent).toHaveLength(2);
  });

  it('goes singly to processes of versions that read no bundles', () => {
    for (const seq of [1, 2]) post.send(OLD_ADDRESS, item('one', seq));

    expect(sent.map(({ body, properties }) => [body, properties.correlationId, properties.headers])).toEqual([
      ['x', 'one', { 'x-seq': 1 }],
      ['x', 'one', { 'x-seq': 2 }],
    ]);
  });

  it('is lost without a word when it cannot be sent', async () => {
    post = new StreamPost({
      send: () => {
        throw new Error('no broker');
      },
    });
    post.send(ADDRESS, item('one', 1));
    post.send(OLD_ADDRESS, item('one', 1));

    await expect(nextTurn()).resolves.toBeUndefined();
  });
});
