import { describe, expect, it } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import { bucketOf, isOnFor } from './feature-flag.js';

const USERS = Array.from({ length: 10_000 }, () => uuidv7());
const share = (percentage: number, feature = 'canary') =>
  USERS.filter((user) => isOnFor({ feature, percentage, model: null, replacement: null }, user));

describe('A share of users', () => {
  it('is as large as it says', () => {
    expect(share(0)).toEqual([]);
    expect(share(100)).toEqual(USERS);
    for (const percentage of [1, 10, 50, 90]) {
      const deviation = 5 * Math.sqrt(USERS.length * (percentage / 100) * (1 - percentage / 100));
      expect(Math.abs(share(percentage).length - USERS.length * (percentage / 100))).toBeLessThan(deviation);
    }
  });

  it('keeps everybody when it grows', () => {
    let before = share(0);
    for (const percentage of [1, 5, 10, 25, 50, 75, 90, 100]) {
      const now = new Set(share(percentage));
      expect(before.filter((user) => !now.has(user))).toEqual([]);
      before = [...now];
    }
  });

  it('is another one for every flag, and the same in every process', () => {
    const others = new Set(share(10, 'other'));
    const both = share(10, 'one').filter((user) => others.has(user));
    expect(both.length).toBeLessThan(USERS.length * 0.03);
    expect(bucketOf('streaming', '0198c0de-0000-7000-8000-000000000002')).toBe(4_487);
  });
});
