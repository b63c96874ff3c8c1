import { createHmac, type KeyObject, randomBytes } from 'node:crypto';

export const API_KEY_MARK = 'pk_';
const SECRET_BYTES = 24;
const VISIBLE_CHARACTERS = API_KEY_MARK.length + 8;
const SHAPE = new RegExp(`^${API_KEY_MARK}[0-9a-f]{${SECRET_BYTES * 2}}$`);

/** `pk_` and 48 hexadecimal digits: 192 random bits, so that a fast hash is enough to store. */
export function createApiKeySecret(): string {
  return API_KEY_MARK + randomBytes(SECRET_BYTES).toString('hex');
}

export function isApiKeySecret(text: string): boolean {
  return SHAPE.test(text);
}

/** What is shown of a key after its creation. */
export function visiblePrefix(secret: string): string {
  return secret.slice(0, VISIBLE_CHARACTERS);
}

/** HMAC-SHA-256: without the pepper, a stolen table tells nothing about which secret fits. */
export function hashApiKeySecret(secret: string, pepper: KeyObject): Buffer {
  return createHmac('sha256', pepper).update(secret).digest();
}
