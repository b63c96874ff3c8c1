import { describe, expect, it } from '@jest/globals';
import { boundedValues, OTHER } from './metric-labels.js';

describe('The bound of a label', () => {
  it('lets the first values through again and again, and calls the rest other', () => {
    const bounded = boundedValues(2);
    expect(['a', 'b', 'c', 'a', 'd', 'b'].map(bounded)).toEqual(['a', 'b', OTHER, 'a', OTHER, 'b']);
  });
});
