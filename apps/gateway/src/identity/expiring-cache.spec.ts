import { describe, expect, it } from '@jest/globals';
import { ExpiringCache } from './expiring-cache.js';

describe('ExpiringCache', () => {
  it('forgets after its time, or at the value’s own end when that is earlier', () => {
    let now = 0;
    const cache = new ExpiringCache<string>(100, 10, () => now);
    cache.set('a', 'A');
    cache.set('b', 'B', 50);
    now = 60;
    expect([cache.get('a'), cache.get('b')]).toEqual(['A', undefined]);
    now = 100;
    expect(cache.get('a')).toBeUndefined();
  });

  it('keeps the newest values when there are too many', () => {
    const cache = new ExpiringCache<number>(100, 2, () => 0);
    for (const n of [1, 2, 3]) cache.set(String(n), n);
    expect([cache.get('1'), cache.get('2'), cache.get('3')]).toEqual([undefined, 2, 3]);
  });

  it('forgets on demand', () => {
    const cache = new ExpiringCache<number>(100, 9, () => 0);
    for (const n of [1, 2]) cache.set(String(n), n);
    cache.deleteWhere((value) => value === 1);
    expect([cache.get('1'), cache.get('2')]).toEqual([undefined, 2]);
  });
});
