import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { JwtService } from '@nestjs/jwt';
import { createTestDatabase, createTestVhost, describeWithServices } from '@parley/testing';
import pg from 'pg';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { ADMIN, type Answer, type RunningGateway } from '../fixtures/running-gateway.fixture.js';

const JWT_SECRET = 'a-signing-key-that-only-specs-use-1234567890';

describeWithServices('Signing in', () => {
  let services: GatewayServices;
  let gateway: RunningGateway;
  const login = (email: string, password: string): Promise<Answer> =>
    gateway.call('POST', '/api/v1/auth/login', { body: { email, password } });

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    gateway = await services.start({ JWT_SECRET });
  });
  afterAll(() => services?.drop());

  it('answers a right password with a token that works, however the address is written', async () => {
    const { status, body, headers } = await login(ADMIN.email.toUpperCase(), ADMIN.password);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, user: { email: ADMIN.email, role: 'admin' } });
    const me = await gateway.call('GET', '/api/v1/auth/me', { token: String(body!['access_token']) });
    expect(me.status).toBe(200);
    expect(me.body).toMatchObject({ email: ADMIN.email, api_key_id: null, scopes: expect.arrayContaining(['admin']) });
  });

  it('says the same for a wrong password and for an address that nobody has', async () => {
    const wrong = await login(ADMIN.email, 'not the password');
    const nobody = await login('nobody@example.com', ADMIN.password);
    expect(wrong.status).toBe(401);
    expect(nobody.status).toBe(401);
    expect({ ...nobody.body, request_id: null }).toEqual({ ...wrong.body, request_id: null });
  });

  it.each([
    ['is expired', { sub: 'USER' }, { expiresIn: -1 }],
    ['is for somebody else', { sub: 'USER' }, { audience: 'another-api' }],
    ['comes from somebody else', { sub: 'USER' }, { issuer: 'another-issuer' }],
    ['is signed with another key', { sub: 'USER' }, { secret: 'x'.repeat(40) }],
    ['uses another algorithm', { sub: 'USER' }, { algorithm: 'HS512' as const }],
    ['names nobody', { sub: '00000000-0000-0000-0000-000000000001' }, {}],
  ])('refuses a token that %s', async (_what, claims, options) => {
    const { body } = await gateway.call('GET', '/api/v1/auth/me', { token: await gateway.signIn() });
    const sub = claims.sub === 'USER' ? uuidOf(String(body!['id'])) : claims.sub;
    const usual = { secret: JWT_SECRET, issuer: 'parley', audience: 'parley-api', expiresIn: 60 };
    const token = new JwtService().sign({ sub }, { ...usual, ...options });
    const answer = await gateway.call('GET', '/api/v1/auth/me', { token });
    expect([answer.status, answer.body?.['code']]).toEqual([401, 'invalid_credentials']);
  });

  it('refuses the token of a user who was disabled, within seconds, and a new sign-in at once', async () => {
    const admin = await gateway.signIn();
    const member = { email: 'leaving@example.com', password: 'a fine password' };
    expect((await gateway.call('POST', '/api/v1/users', { token: admin, body: member })).status).toBe(201);
    const token = await gateway.signIn(member.email, member.password);
    await runSql(`update identity.users set disabled_at = now() where email = '${member.email}'`);
    expect((await login(member.email, member.password)).status).toBe(401);
    const other = await services.start({ JWT_SECRET });
    expect((await other.call('GET', '/api/v1/auth/me', { token })).status).toBe(401);
  });

  it('stops guessing, also at the right password, and says until when', async () => {
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, n) => login('victim@example.com', `guess ${n}`)));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(10);
    const [refused] = guesses.filter(({ status }) => status === 429);
    expect(refused?.body?.['code']).toBe('rate_limit_exceeded');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(60);
    expect((await login(ADMIN.email, ADMIN.password)).status).toBe(200);
  });

  it('is not needed, but for administration, when authentication is switched off for trying things out', async () => {
    const open = await services.start({ JWT_SECRET, REQUIRE_AUTHENTICATION: 'false' });
    expect((await open.call('GET', '/api/v1/auth/me')).body).toMatchObject({ email: ADMIN.email });
    expect((await open.call('GET', '/api/v1/users')).status).toBe(403);
    expect((await open.call('GET', '/api/v1/auth/me', { token: 'wrong' })).status).toBe(401);
  });

  async function runSql(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: services.database.url });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }
});

function uuidOf(publicId: string): string {
  return publicId.replace(/^user_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
