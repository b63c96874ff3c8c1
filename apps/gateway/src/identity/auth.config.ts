import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { Env, type Environment, parseNumber } from '@parley/config';
import { IsBoolean, IsEmail, IsIn, IsInt, IsOptional, Max, MaxLength, Min, MinLength } from 'class-validator';
import { isProduction } from '../http/production.js';

const PLACEHOLDER =
  /change.?(me|this|it)|your.?(own|super|jwt|secret)|secret.?key|example|default|insecure|placeholder/i;
const MIN_DISTINCT_CHARACTERS = 10;

/** Who may come in, and for how long. */
export class AuthConfig {
  @Env(['JWT_SECRET', 'JWT_SECRET_KEY', 'SECRET_KEY'], {
    description: 'Signs access tokens; at least 32 characters, for example from: openssl rand -base64 64',
    secret: true,
  })
  @MinLength(32)
  readonly jwtSecret!: string;

  @Env('JWT_ALGORITHM', { description: 'HS256', default: 'HS256' })
  @IsIn(['HS256'])
  readonly jwtAlgorithm!: 'HS256';

  @Env('ACCESS_TOKEN_EXPIRE_MINUTES', {
    description: 'How long an access token is valid; 60 by default',
    parse: parseNumber,
    optional: true,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(7 * 24 * 60)
  readonly accessTokenMinutes!: number | undefined;

  @Env('JWT_EXPIRATION_HOURS', {
    description: 'The same in hours, used when ACCESS_TOKEN_EXPIRE_MINUTES is not set',
    parse: parseNumber,
    optional: true,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(7 * 24)
  readonly accessTokenHours!: number | undefined;

  @Env('API_KEY_PEPPER', {
    description:
      'Keyed into the hashes of API keys; derived from JWT_SECRET when empty. A new value voids all API keys',
    optional: true,
    secret: true,
  })
  @IsOptional()
  @MinLength(32)
  readonly apiKeyPepperText!: string | undefined;

  @Env('BOOTSTRAP_ADMIN_EMAIL', { description: 'First administrator, created when there is none', optional: true })
  @IsOptional()
  @IsEmail()
  readonly bootstrapAdminEmail!: string | undefined;

  @Env('BOOTSTRAP_ADMIN_PASSWORD', { description: 'Password of the first administrator', optional: true, secret: true })
  @IsOptional()
  @MinLength(8)
  @MaxLength(200)
  readonly bootstrapAdminPassword!: string | undefined;

  @Env('REQUIRE_AUTHENTICATION', {
    description: 'false lets requests without credentials act as the first administrator; refused in production',
    default: true,
  })
  @IsBoolean()
  readonly requireAuthentication!: boolean;

  get accessTokenSeconds(): number {
    return (this.accessTokenMinutes ?? (this.accessTokenHours ?? 1) * 60) * 60;
  }

  get apiKeyPepper(): KeyObject {
    const { apiKeyPepperText: given, jwtSecret } = this;
    if (given) return createSecretKey(given, 'utf8');
    return createSecretKey(Buffer.from(hkdfSync('sha256', jwtSecret, '', 'parley api key pepper', 32)));
  }

  faults(environment: Environment): string[] {
    const faults: string[] = [];
    const { bootstrapAdminEmail: email, bootstrapAdminPassword: password } = this;
    if ((email === undefined) !== (password === undefined))
      faults.push('BOOTSTRAP_ADMIN_EMAIL and BOOTSTRAP_ADMIN_PASSWORD must be set together');
    if (!isProduction(environment)) return faults;
    if (isGuessable(this.jwtSecret)) faults.push('JWT_SECRET must not be a placeholder in production');
    if (this.apiKeyPepperText && isGuessable(this.apiKeyPepperText))
      faults.push('API_KEY_PEPPER must not be a placeholder in production');
    if (password && (PLACEHOLDER.test(password) || password.length < 12))
      faults.push('BOOTSTRAP_ADMIN_PASSWORD must have at least 12 characters and be no placeholder in production');
    if (!this.requireAuthentication) faults.push('REQUIRE_AUTHENTICATION must be true in production');
    return faults;
  }
}

function isGuessable(secret: string): boolean {
  return PLACEHOLDER.test(secret) || new Set(secret).size < MIN_DISTINCT_CHARACTERS;
}
