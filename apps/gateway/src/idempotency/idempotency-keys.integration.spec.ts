import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { TenantContext } from '@parley/contracts';
import { createTestDatabase, createTestVhost, describeWithServices } from '@parley/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { ADMIN } from '../fixtures/running-gateway.fixture.js';
import type { Claim, IdempotencyKeysRepository } from './idempotency-keys.repository.js';
import type { IdempotencySweeper } from './idempotency.sweeper.js';

const OTHER = { email: 'boss@other.example', password: 'another fine password' };
const LOCK_MS = 60_000;

describeWithServices('An idempotency key', () => {
  let services: GatewayServices;
  let keys: IdempotencyKeysRepository;
  let sweeper: IdempotencySweeper;
  let sql: pg.Client;
  let tenant: TenantContext;
  let stranger: TenantContext;
  let keyHash: Buffer;

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    const gateway = await services.start();
    const repository = await import('./idempotency-keys.repository.js');
    const sweeping = await import('./idempotency.sweeper.js');
    keys = gateway.app.get(repository.IdempotencyKeysRepository);
    sweeper = gateway.app.get(sweeping.IdempotencySweeper);
    const token = await gateway.signIn();
    const body = { name: 'Other', admin_email: OTHER.email, admin_password: OTHER.password };
    await gateway.call('POST', '/api/v1/tenants', { token, body });
    sql = new pg.Client({ connectionString: services.database.url });
    await sql.connect();
    [tenant, stranger] = await Promise.all([contextOf(ADMIN), contextOf(OTHER)]);
  });
  afterAll(async () => {
    await sql?.end();
    await services?.drop();
  });
  beforeEach(() => {
    keyHash = hash(randomUUID());
  });

  const hash = (text: string) => createHash('sha256').update(text).digest();
  const claim = (fields: { request?: string; lockMs?: number; as?: TenantContext } = {}): Promise<Claim> => {
    const { request = 'a request', lockMs = LOCK_MS, as = tenant } = fields;
    return keys.claim(as, { keyHash, fingerprint: hash(request), seed: uuidv7(), lockMs });
  };
  const change = (set: string) =>
    sql.query(`update identity.idempotency_keys set ${set} where key_hash = $1`, [keyHash]);

  async function contextOf({ email }: typeof ADMIN): Promise<TenantContext> {
    const { rows } = await sql.query('select tenant_id, id from identity.users where lower(email) = lower($1)', [
      email,
    ]);
    return TenantContext.of({ tenantId: rows[0].tenant_id, userId: rows[0].id, role: 'admin' });
  }

  it('belongs to one of many requests that come at once', async () => {
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim()));
    expect(claims.filter(({ state }) => state === 'mine')).toHaveLength(1);
    expect(claims.filter(({ state }) => state === 'locked')).toHaveLength(7);
  });

  it('is taken over with the same seed when the gateway that had it has died', async () => {
    const first = await claim();
    expect((await claim()).state).toBe('locked');
    await keys.lockFor(tenant, keyHash, LOCK_MS);
    expect((await claim()).state).toBe('locked');
    await change(`locked_until = now() - interval '1 second'`);
    expect(await claim()).toEqual({ ...first, isRepeated: true });
  });

  it('is free again after a failure, and keeps an answer for ever after', async () => {
    await claim();
    await keys.lockFor(tenant, keyHash, 0);
    expect(await claim()).toMatchObject({ state: 'mine', isRepeated: true });
    await keys.answer(tenant, keyHash, '{"id":"x"}');
    await change(`locked_until = now() - interval '1 second'`);
    expect(await claim()).toEqual({ state: 'answered', body: '{"id":"x"}' });
  });

  it('without a lock lets every request have the same seed', async () => {
    const claims = await Promise.all(Array.from({ length: 6 }, () => claim({ lockMs: 0 })));
    const seeds = claims.map((mine) => (mine.state === 'mine' ? mine.seed : null));
    expect(new Set(seeds).size).toBe(1);
    expect(seeds[0]).not.toBeNull();
    expect(claims.filter((mine) => mine.state === 'mine' && !mine.isRepeated)).toHaveLength(1);
  });

  it('is refused to another request, and is another one for another tenant', async () => {
    const mine = await claim();
    expect((await claim({ request: 'another' })).state).toBe('different');
    const theirs = await claim({ request: 'another', as: stranger });
    expect(theirs).toMatchObject({ state: 'mine', isRepeated: false });
    await keys.answer(stranger, keyHash, '"theirs"');
    await keys.lockFor(tenant, keyHash, 0);
    expect(await claim()).toEqual({ ...mine, isRepeated: true });
  });

  it('is new again when its time is over, swept or not', async () => {
    const first = await claim();
    await keys.answer(tenant, keyHash, '"old"');
    await change(`expires_at = now() - interval '1 second'`);
    const second = await claim({ request: 'another' });
    expect(second).toMatchObject({ state: 'mine', isRepeated: false });
    expect(second).not.toEqual(first);
    await change(`expires_at = now() - interval '1 second'`);
    await sweeper.sweep();
    const { rows } = await sql.query('select 1 from identity.idempotency_keys where key_hash = $1', [keyHash]);
    expect(rows).toEqual([]);
  });
});
