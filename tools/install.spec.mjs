import { describe, expect, it } from '@jest/globals';
import { installState } from './install.mjs';

const lockOf = (packages) => JSON.stringify({ packages });
const lodash = (version) => ({ 'node_modules/lodash': { version, integrity: `sha512-${version}` } });
const lock = lockOf({ '': { name: 'parley' }, ...lodash('4.0.0') });
const state = (changes) =>
  installState({ lock, installedLock: lockOf(lodash('4.0.0')), isStamped: false, hasProjectNode: true, ...changes });

describe('what a start finds in node_modules', () => {
  it('is current when the last install was for this lock', () => {
    expect(state({ isStamped: true })).toBe('current');
  });

  it('is good enough when somebody installed just what the lock names', () => {
    expect(state({})).toBe('unstamped');
  });

  it('is missing on a fresh clone, without the Node of the project, and without a lock', () => {
    expect(state({ installedLock: null, isStamped: true })).toBe('missing');
    expect(state({ hasProjectNode: false, isStamped: true })).toBe('missing');
    expect(state({ lock: null })).toBe('missing');
  });

  it('is missing when the lock names another version or a further package', () => {
    expect(state({ lock: lockOf(lodash('4.0.1')) })).toBe('missing');
    expect(state({ lock: lockOf({ ...lodash('4.0.0'), 'node_modules/zod': { version: '4.0.0' } }) })).toBe('missing');
  });

  it('needs no packages that are for other platforms or optional', () => {
    const optional = { 'node_modules/fsevents': { version: '2.3.3', optional: true } };
    expect(state({ lock: lockOf({ ...lodash('4.0.0'), ...optional }) })).toBe('unstamped');
  });
});
