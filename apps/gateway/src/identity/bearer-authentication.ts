import { type IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { DomainError } from '@parley/contracts';
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER, type AccessTokenClaims } from './access-token.js';
import { AnonymousAccess } from './anonymous-access.js';
import { API_KEY_MARK } from './api-key-secret.js';
import { AuthConfig } from './auth.config.js';
import { AuthenticationService, invalidCredentials } from './authentication.service.js';
import { type Principal } from './principal.js';

/** A token → who it is, as often as one asks: for connections that outlive a request. Routes have a guard. */
@Injectable()
export class BearerAuthentication {
  constructor(
    private readonly config: AuthConfig,
    private readonly authentication: AuthenticationService,
    private readonly anonymous: AnonymousAccess,
    private readonly tokens: JwtService,
  ) {}

  /**
   * @param token an access token or an API key; null: none was sent
   * @throws DomainError `missing_credentials`, `invalid_credentials`
   */
  async principalOf(token: string | null): Promise<Principal> {
    if (token === null) return (await this.anonymous.principal()) ?? missingCredentials();
    if (token.startsWith(API_KEY_MARK)) return this.authentication.byApiKey(token);
    return this.authentication.byUserId((await this.#claims(token)).sub);
  }

  async #claims(token: string): Promise<AccessTokenClaims> {
    const { jwtSecret: secret, jwtAlgorithm } = this.config;
    const expected = { issuer: ACCESS_TOKEN_ISSUER, audience: ACCESS_TOKEN_AUDIENCE };
    try {
      return await this.tokens.verifyAsync<AccessTokenClaims>(token, {
        secret,
        algorithms: [jwtAlgorithm],
        ...expected,
      });
    } catch {
      throw invalidCredentials();
    }
  }
}

/** What a request bears in `Authorization: Bearer …`, or else in `x-api-key`; null: nothing. */
export function credentialOf({ authorization, ...headers }: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
  const apiKey = headers['x-api-key'];
  return bearer ?? (typeof apiKey === 'string' && apiKey !== '' ? apiKey : null);
}

export function missingCredentials(): never {
  throw new DomainError('missing_credentials', 'Send an access token or an API key: Authorization: Bearer …');
}
