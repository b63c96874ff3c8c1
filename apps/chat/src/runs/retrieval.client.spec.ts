import { describe, expect, it } from '@jest/globals';
import { somePassage } from '../fixtures/samples.js';
import { withNeighbors } from './retrieval.client.js';

const beside = (chunkId: string) => ({ chunkId, ordinal: 1, text: `text of ${chunkId}`, locator: { pageStart: 2 } });

describe('withNeighbors', () => {
  it('puts each neighbour behind the best hit that it stands beside, once', () => {
    const first = somePassage({ chunkId: 'a', fileId: 'one', neighbors: [beside('b'), beside('c')] });
    const second = somePassage({ chunkId: 'c', neighbors: [beside('b'), beside('d')] });
    const passages = withNeighbors([first, second]);
    expect(passages.map(({ chunkId }) => chunkId)).toEqual(['a', 'b', 'c', 'd']);
    expect(passages[1]).toMatchObject({ fileId: 'one', text: 'text of b', locator: { pageStart: 2 } });
    expect(passages[0]).not.toHaveProperty('neighbors');
  });

  it('leaves hits without neighbours as they are', () => {
    const passage = somePassage();
    expect(withNeighbors([passage])).toEqual([passage]);
  });
});
