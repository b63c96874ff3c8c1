import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Beat } from './beat.js';

describe('A beat', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('lets all who wait go on at the same moment, whenever they began to', () => {
    const beat = new Beat(40);
    const wentOn: string[] = [];
    jest.advanceTimersByTime(5);
    beat.next(() => wentOn.push('early'));
    jest.advanceTimersByTime(30);
    beat.next(() => wentOn.push('late'));

    jest.advanceTimersByTime(4);
    expect(wentOn).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(wentOn).toEqual(['early', 'late']);
  });

  it('goes on only for who still waits, and stands still when nobody does', () => {
    const beat = new Beat(40);
    const goOn = jest.fn();
    beat.next(goOn)();
    jest.advanceTimersByTime(100);

    expect(goOn).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });
});
