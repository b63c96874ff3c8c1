import { describe, expect, it } from '@jest/globals';
import { isAtLeast } from './versions.js';

describe('isAtLeast', () => {
  it.each([
    ['15.18', '15', true],
    ['3.10.8-1.1+deb12u1', '3.10', true],
    ['3.9.27', '3.10', false],
    ['4.0.1', '3.10', true],
    ['5:7.0.15-1~deb12u10', '6', true],
    ['0.8.0-1', '0.8', true],
    ['0.6.0', '0.8', false],
    ['', '0.8', false],
  ])('compares %s with %s: %s', (actual, minimum, expected) => {
    expect(isAtLeast(actual, minimum)).toBe(expected);
  });
});
