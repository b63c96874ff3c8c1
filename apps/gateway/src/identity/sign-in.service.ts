import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AuditLog } from '../audit/audit-log.js';
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER, type AccessTokenClaims } from './access-token.js';
import { AuthConfig } from './auth.config.js';
import { AuthenticationService, invalidCredentials } from './authentication.service.js';
import { CredentialsRepository } from './credentials.repository.js';
import { isPasswordOf } from './passwords.js';
import { type Principal } from './principal.js';
import { SignInAttempts } from './sign-in-attempts.js';

export interface SignedIn {
  accessToken: string;
  expiresInSeconds: number;
  principal: Principal;
}

@Injectable()
export class SignInService {
  constructor(
    private readonly config: AuthConfig,
    private readonly credentials: CredentialsRepository,
    private readonly authentication: AuthenticationService,
    private readonly attempts: SignInAttempts,
    private readonly tokens: JwtService,
    private readonly audit: AuditLog,
  ) {}

  /**
   * E-mail and password → a short access token. Unknown addresses, wrong passwords and disabled users look the same.
   * @throws DomainError `invalid_credentials`, or `rate_limit_exceeded` after too many attempts
   */
  async signIn(email: string, password: string, ip: string): Promise<SignedIn> {
    await this.attempts.begin(email, ip);
    const user = await this.credentials.findSignIn(email);
    const isRight = await isPasswordOf(user?.password_hash ?? null, password);
    if (user && !isRight) void this.#noteRefusal(user.user_id, ip);
    if (!user || !isRight) throw invalidCredentials();
    const principal = await this.authentication.byUserId(user.user_id);
    await this.attempts.succeeded(email, ip);
    await this.audit.record(principal.tenant, { action: 'session.create', outcome: 'done', address: ip });
    return {
      accessToken: await this.#issue({ sub: user.user_id }),
      expiresInSeconds: this.config.accessTokenSeconds,
      principal,
    };
  }

  /** Nobody waits for it: a known address is not to be told by the time that an answer takes. */
  async #noteRefusal(userId: string, address: string): Promise<void> {
    const principal = await this.authentication.byUserId(userId).catch(() => null);
    const refusal = { action: 'session.create', outcome: 'refused', code: 'invalid_credentials', address } as const;
    if (principal) this.audit.note(principal.tenant, refusal);
  }

  #issue(claims: AccessTokenClaims): Promise<string> {
    return this.tokens.signAsync(claims, {
      secret: this.config.jwtSecret,
      algorithm: this.config.jwtAlgorithm,
      expiresIn: this.config.accessTokenSeconds,
      issuer: ACCESS_TOKEN_ISSUER,
      audience: ACCESS_TOKEN_AUDIENCE,
    });
  }
}
