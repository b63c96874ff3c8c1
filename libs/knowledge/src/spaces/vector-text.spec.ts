import { describe, expect, it } from '@jest/globals';
import { vectorText } from './vector-text.js';

describe('vectorText', () => {
  it('writes six digits of the largest component, whatever its size', () => {
    expect(vectorText([0.5, -0.25, 0])).toBe('[500000e-6,-250000e-6,0e-6]');
    expect(vectorText(Float32Array.of(12.5, 1, 0))).toBe('[125000e-4,10000e-4,0e-4]');
    expect(vectorText([0, 0])).toBe('[0e0,0e0]');
    expect(vectorText([1e-30])).toBe('[0e-20]');
  });

  it('loses less than half precision does', () => {
    const vector = Array.from({ length: 1_536 }, (_, index) => Math.sin(index + 1) / 27.7);
    const read = vectorText(vector).slice(1, -1).split(',').map(Number);
    const largest = Math.max(...vector.map(Math.abs));
    for (const [index, value] of vector.entries()) {
      expect(Math.abs(read[index]! - value)).toBeLessThan(largest * 2 ** -17);
    }
  });
});
