import { describe, expect, it } from '@jest/globals';
import { type FastifyRequest } from 'fastify';
import { IdempotencyScope, idempotencyScope, newId } from './idempotency-scope.js';
import { fingerprintOf, keyHashOf } from './idempotent-request.js';

const request = (fields: object = {}) =>
  ({ method: 'POST', url: '/v1/files', headers: {}, body: { a: 1, b: [{ c: 2, d: 3 }] }, ...fields }) as FastifyRequest;
const print = (fields?: object) => fingerprintOf(request(fields)).toString('hex');

describe('fingerprintOf', () => {
  it('does not mind the order of fields, but that of items', () => {
    expect(print({ body: { b: [{ d: 3, c: 2 }], a: 1 } })).toBe(print());
    expect(print({ body: { a: [1, 2] } })).not.toBe(print({ body: { a: [2, 1] } }));
  });

  it.each([
    ['method', { method: 'PUT' }],
    ['path', { url: '/v1/vector_stores' }],
    ['value', { body: { a: 2, b: [{ c: 2, d: 3 }] } }],
    ['field', { body: { a: 1 } }],
    ['length of a form', { body: undefined, headers: { 'content-length': '7' } }],
  ])('minds another %s', (_what, fields) => {
    expect(print(fields)).not.toBe(print());
  });

  it('tells an object from the list of its fields', () => {
    expect(print({ body: { a: { b: 1 } } })).not.toBe(print({ body: { a: 1, b: 1 } }));
  });
});

describe('keyHashOf', () => {
  it('takes a key with and without quotation marks for the same', () => {
    expect(keyHashOf('"8e03978e"')).toEqual(keyHashOf(' 8e03978e '));
    expect(keyHashOf('8e03978e')).not.toEqual(keyHashOf('8e03978f'));
  });

  it.each(['', '""', 'with space', 'ü', 'x'.repeat(256)])('refuses %j', (key) => {
    expect(() => keyHashOf(key)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'Idempotency-Key' }),
    );
  });

  it('refuses two', () => {
    expect(() => keyHashOf(['a', 'b'])).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});

describe('newId', () => {
  const SEED = '01890a5d-7c3e-7b3e-9d1f-2a3b4c5d6e7f';
  const ids = (seed: string) =>
    idempotencyScope.run(new IdempotencyScope(seed, false), () => [newId(), newId(), newId()]);

  it('makes the same ids in the same order under one key, and others elsewhere', () => {
    expect(ids(SEED)).toEqual(ids(SEED));
    expect(new Set([...ids(SEED), ...ids('01890a5d-7c3e-7b3e-9d1f-2a3b4c5d6e70'), newId(), newId()]).size).toBe(8);
  });

  it('makes uuids that sort by the time of the key', () => {
    for (const id of ids(SEED)) expect(id).toMatch(/^01890a5d-7c3e-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
