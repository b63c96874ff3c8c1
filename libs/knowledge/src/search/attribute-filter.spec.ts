import { describe, expect, it } from '@jest/globals';
import { compileFilter } from './attribute-filter.js';

describe('compiling an attribute filter', () => {
  it.each([
    [{ type: 'eq', key: 'kind', value: 'memo' }, 'exists($."kind" ? (@ == "memo"))'],
    [{ type: 'ne', key: 'kind', value: 'memo' }, '(!exists($."kind" ? (@ == "memo")))'],
    [{ type: 'gt', key: 'year', value: 2020 }, 'exists($."year" ? (@ > 2020))'],
    [{ type: 'gte', key: 'year', value: -0.5 }, 'exists($."year" ? (@ >= -0.5))'],
    [{ type: 'lt', key: 'year', value: 1e21 }, 'exists($."year" ? (@ < 1e+21))'],
    [{ type: 'lte', key: 'open', value: true }, 'exists($."open" ? (@ <= true))'],
    [{ type: 'in', key: 'year', value: [1, 'a'] }, 'exists($."year" ? (@ == 1 || @ == "a"))'],
    [{ type: 'nin', key: 'year', value: [1] }, '(!exists($."year" ? (@ == 1)))'],
    [
      {
        type: 'or',
        filters: [
          { type: 'eq', key: 'a', value: 1 },
          {
            type: 'and',
            filters: [
              { type: 'eq', key: 'b', value: 2 },
              { type: 'eq', key: 'c', value: 3 },
            ],
          },
        ],
      },
      '(exists($."a" ? (@ == 1)) || (exists($."b" ? (@ == 2)) && exists($."c" ? (@ == 3))))',
    ],
  ])('%j', (filter, path) => {
    expect(compileFilter(filter)).toBe(path);
  });

  it('quotes keys and values, so that they stay keys and values', () => {
    const path = compileFilter({ type: 'eq', key: 'a" ? (true)', value: '") || exists($' });
    expect(path).toBe('exists($."a\\" ? (true)" ? (@ == "\\") || exists($"))');
  });

  const deep = (depth: number): unknown =>
    depth === 0 ? { type: 'eq', key: 'a', value: 1 } : { type: 'and', filters: [deep(depth - 1)] };

  it.each<[string, unknown, string]>([
    ['no object', 'kind = memo', 'filters'],
    ['null', null, 'filters'],
    ['a list', [], 'filters'],
    ['no type', { key: 'a', value: 1 }, 'filters.type'],
    ['a type of Object.prototype', { type: 'toString', key: 'a', value: 1 }, 'filters.type'],
    ['an unknown type', { type: 'like', key: 'a', value: 1 }, 'filters.type'],
    ['no key', { type: 'eq', value: 1 }, 'filters.key'],
    ['an empty key', { type: 'eq', key: '', value: 1 }, 'filters.key'],
    ['a key that is too long', { type: 'eq', key: 'k'.repeat(65), value: 1 }, 'filters.key'],
    ['a key with NUL', { type: 'eq', key: 'a\0', value: 1 }, 'filters.key'],
    ['no value', { type: 'eq', key: 'a' }, 'filters.value'],
    ['an object as value', { type: 'eq', key: 'a', value: {} }, 'filters.value'],
    ['a list where one value is meant', { type: 'eq', key: 'a', value: [1] }, 'filters.value'],
    ['an endless number', { type: 'gt', key: 'a', value: Infinity }, 'filters.value'],
    ['half a surrogate pair', { type: 'eq', key: 'a', value: '\ud800' }, 'filters.value'],
    ['a text that is too long', { type: 'eq', key: 'a', value: 'v'.repeat(513) }, 'filters.value'],
    ['one value where a list is meant', { type: 'in', key: 'a', value: 1 }, 'filters.value'],
    ['an empty list', { type: 'in', key: 'a', value: [] }, 'filters.value'],
    ['a list in a list', { type: 'in', key: 'a', value: [1, [2]] }, 'filters.value[1]'],
    ['no filters', { type: 'and' }, 'filters.filters'],
    ['no filters in a list', { type: 'or', filters: [] }, 'filters.filters'],
    ['a fault inside', { type: 'or', filters: [deep(0), { type: 'eq', key: 1, value: 1 }] }, 'filters.filters[1].key'],
    ['too deep', deep(8), `filters${'.filters[0]'.repeat(7)}`],
    ['too much', { type: 'in', key: 'a', value: new Array(101).fill(1) }, 'filters.value'],
  ])('refuses %s and names the part', (_name, filter, param) => {
    expect(() => compileFilter(filter)).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });

  it('refuses too many values in all', () => {
    const filters = Array.from({ length: 3 }, () => ({ type: 'in', key: 'a', value: new Array(50).fill(1) }));
    expect(() => compileFilter({ type: 'or', filters })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it('takes the deepest filter that is allowed', () => {
    expect(compileFilter(deep(7))).toContain('exists');
  });
});
