import { describe, expect, it } from '@jest/globals';
import { expirySecondsOf } from './form-expiry.js';

const of = (fields: Record<string, string>) => expirySecondsOf(new Map(Object.entries(fields)));
const policy = (seconds: string, anchor = 'created_at') =>
  of({ 'expires_after[anchor]': anchor, 'expires_after[seconds]': seconds });

describe('expirySecondsOf', () => {
  it('reads the fields that the official SDK sends, and none', () => {
    expect(policy('3600')).toBe(3_600);
    expect(policy('2592000')).toBe(2_592_000);
    expect(of({ purpose: 'assistants' })).toBeUndefined();
  });

  it.each([
    ['too soon', () => policy('3599'), 'expires_after[seconds]'],
    ['too late', () => policy('2592001'), 'expires_after[seconds]'],
    ['no whole number', () => policy('3600.5'), 'expires_after[seconds]'],
    ['no seconds', () => of({ 'expires_after[anchor]': 'created_at' }), 'expires_after[seconds]'],
    ['no anchor', () => of({ 'expires_after[seconds]': '3600' }), 'expires_after[anchor]'],
    ['another anchor', () => policy('3600', 'last_active_at'), 'expires_after[anchor]'],
    ['another field', () => of({ 'expires_after[days]': '1' }), 'expires_after[days]'],
    ['no fields within', () => of({ expires_after: '3600' }), 'expires_after'],
  ])('refuses %s', (_what, read, param) => {
    expect(read).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });
});
