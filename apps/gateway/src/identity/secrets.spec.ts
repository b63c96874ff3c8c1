import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createApiKeySecret, hashApiKeySecret, isApiKeySecret, visiblePrefix } from './api-key-secret.js';
import { hashPassword, isPasswordOf } from './passwords.js';

describe('API key secrets', () => {
  it('are random, recognisable, and show only how they begin', () => {
    const secret = createApiKeySecret();
    expect(isApiKeySecret(secret)).toBe(true);
    expect(createApiKeySecret()).not.toBe(secret);
    expect(visiblePrefix(secret)).toMatch(/^pk_[0-9a-f]{8}$/);
    expect(isApiKeySecret(`${secret}0`)).toBe(false);
  });

  it('hash differently under another pepper', () => {
    const [one, other] = ['one', 'other'].map((pepper) => hashApiKeySecret('pk_', createSecretKey(pepper, 'utf8')));
    expect(one).toHaveLength(32);
    expect(one).not.toEqual(other);
  });
});

describe('Passwords', () => {
  it('are hashed with argon2id and a salt of their own', async () => {
    const [one, other] = await Promise.all([hashPassword('secret'), hashPassword('secret')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
    expect(await isPasswordOf(one, 'secret')).toBe(true);
    expect(await isPasswordOf(one, 'Secret')).toBe(false);
  });

  it('of nobody are never right, not even the one that is compared with', async () => {
    expect(await isPasswordOf(null, 'nobody')).toBe(false);
  });
});
