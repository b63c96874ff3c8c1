import { describe, expect, it } from '@jest/globals';
import { formatId, parseId } from './public-id.js';

const UUID = '0192f0c1-2d3e-7a4b-8c5d-6e7f80910a1b';

describe('public ids', () => {
  it('carry their kind and give the uuid back', () => {
    const id = formatId('assistant', UUID);
    expect(id).toBe('asst_0192f0c12d3e7a4b8c5d6e7f80910a1b');
    expect(parseId('assistant', id)).toBe(UUID);
  });

  it.each([
    ['another kind', formatId('file', UUID)],
    ['too short', 'asst_0192'],
    ['not hexadecimal', `asst_${'z'.repeat(32)}`],
    ['capital letters', formatId('assistant', UUID).toUpperCase()],
    ['nothing', ''],
  ])('are refused: %s', (_, id) => {
    expect(parseId('assistant', id)).toBeNull();
  });
});
