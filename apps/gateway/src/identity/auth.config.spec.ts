import { describe, expect, it } from '@jest/globals';
import { ConfigError, type Environment, loadConfig } from '@parley/config';
import { CorsConfig } from '../http/cors.config.js';
import { HttpConfig } from '../http/http.config.js';
import { AuthConfig } from './auth.config.js';

const GOOD_SECRET = 'kq3P1zv8Wm0rTs5Yx7Bn2Lc9Df4Gh6Jj';
const load = (environment: Environment) =>
  loadConfig({ auth: AuthConfig, cors: CorsConfig, http: HttpConfig }, { JWT_SECRET: GOOD_SECRET, ...environment });

function faultsOf(environment: Environment): readonly string[] {
  try {
    load(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('The security settings', () => {
  it('need a signing secret of 32 characters, under any of its names', () => {
    expect(faultsOf({ JWT_SECRET: undefined })).toEqual([expect.stringContaining('JWT_SECRET is required')]);
    expect(faultsOf({ JWT_SECRET: 'short' })).toEqual([expect.stringContaining('JWT_SECRET')]);
    expect(faultsOf({ JWT_SECRET: undefined, JWT_SECRET_KEY: GOOD_SECRET })).toEqual([]);
    expect(faultsOf({ JWT_SECRET: undefined, SECRET_KEY: GOOD_SECRET })).toEqual([]);
  });

  it('give access tokens an hour, or what either setting says', () => {
    expect(load({}).auth.accessTokenSeconds).toBe(3_600);
    expect(load({ JWT_EXPIRATION_HOURS: '24' }).auth.accessTokenSeconds).toBe(86_400);
    expect(load({ ACCESS_TOKEN_EXPIRE_MINUTES: '5', JWT_EXPIRATION_HOURS: '24' }).auth.accessTokenSeconds).toBe(300);
  });

  it('derive a pepper that stays the same for the same secret and is not the secret', () => {
    const { apiKeyPepper } = load({}).auth;
    expect(load({}).auth.apiKeyPepper.equals(apiKeyPepper)).toBe(true);
    expect(apiKeyPepper.export().toString()).not.toContain(GOOD_SECRET);
    expect(load({ API_KEY_PEPPER: 'p'.repeat(32) }).auth.apiKeyPepper.equals(apiKeyPepper)).toBe(false);
  });

  it('refuse in production, all at once, what is fine for trying things out', () => {
    const careless = {
      JWT_SECRET: 'change-me-change-me-change-me-change-me',
      REQUIRE_AUTHENTICATION: 'false',
      ALLOWED_ORIGINS: '*',
      BOOTSTRAP_ADMIN_EMAIL: 'admin@example.com',
      BOOTSTRAP_ADMIN_PASSWORD: 'changeme',
    };
    expect(faultsOf({ ...careless, ENVIRONMENT: 'development' })).toEqual([]);
    expect(faultsOf({ ...careless, ENVIRONMENT: 'production' })).toEqual([
      expect.stringContaining('JWT_SECRET'),
      expect.stringContaining('BOOTSTRAP_ADMIN_PASSWORD'),
      expect.stringContaining('REQUIRE_AUTHENTICATION'),
      expect.stringContaining('ALLOWED_ORIGINS'),
    ]);
    expect(faultsOf({ ...careless, NODE_ENV: 'production' })).toHaveLength(4);
    expect(faultsOf({ JWT_SECRET: 'abababababababababababababababab', ENVIRONMENT: 'production' })).toHaveLength(1);
    expect(faultsOf({ ENVIRONMENT: 'production' })).toEqual([]);
  });

  it('want both halves of the first administrator', () => {
    expect(faultsOf({ BOOTSTRAP_ADMIN_EMAIL: 'admin@example.com' })).toHaveLength(1);
  });

  it('read origins as a comma list or as a JSON list, and refuse paths', () => {
    expect(load({}).cors.allowedOrigins).toEqual(['http://localhost:3000']);
    expect(load({ CORS_ORIGINS: 'https://a.org, https://b.org' }).cors.allowedOrigins).toHaveLength(2);
    expect(load({ BACKEND_CORS_ORIGINS: '["https://a.org"]' }).cors.allowedOrigins).toEqual(['https://a.org']);
    expect(faultsOf({ ALLOWED_ORIGINS: 'https://a.org/path' })).toHaveLength(1);
  });

  it('name proxies by address, network or kind', () => {
    expect(load({ TRUSTED_PROXIES: 'uniquelocal, 10.0.0.0/8,::1' }).http.trustedProxies).toHaveLength(3);
    expect(faultsOf({ TRUSTED_PROXIES: 'everybody' })).toHaveLength(1);
  });
});
