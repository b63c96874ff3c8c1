export const ACCESS_TOKEN_ISSUER = 'parley';
export const ACCESS_TOKEN_AUDIENCE = 'parley-api';

/** Nothing that may change while the token is valid: role and tenant are looked up. */
export interface AccessTokenClaims {
  /** The user's uuid. */
  sub: string;
}
