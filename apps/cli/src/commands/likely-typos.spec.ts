import { expect, it } from '@jest/globals';
import { likelyTypos } from './likely-typos.js';

it('finds names that nearly are those of settings, and leaves all others alone', () => {
  const known = ['OPENAI_API_KEY', 'JWT_SECRET', 'PORT'];
  const set = ['OPENAI_API_KY', 'JWT_SECRETS', 'JWT_SECRET', 'JWT_SECRET_FILE', 'POST', 'PATH', 'OPENAI_ORGANIZATION'];
  expect(likelyTypos(set, known)).toEqual([
    { name: 'OPENAI_API_KY', meant: 'OPENAI_API_KEY' },
    { name: 'JWT_SECRETS', meant: 'JWT_SECRET' },
  ]);
});
