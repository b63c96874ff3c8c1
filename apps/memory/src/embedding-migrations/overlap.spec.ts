import { expect, it } from '@jest/globals';
import { overlapAt } from './overlap.js';

it('two rankings overlap by what their first ones have in common', () => {
  const ten = [...'abcdefghij'];
  expect(overlapAt(10, ten, [...ten].reverse())).toBe(1);
  expect(overlapAt(10, ten, [...'vwxyz'])).toBe(0);
  expect(overlapAt(10, ['a', 'b'], ['a'])).toBe(0.5);
  expect(overlapAt(10, [...'klmnopqrst', 'a'], ten)).toBe(0);
  expect(overlapAt(10, [], [])).toBeNull();
});
