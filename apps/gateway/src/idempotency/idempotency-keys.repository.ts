import { Injectable } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { IdempotencyConfig } from './idempotency.config.js';

export interface KeyedRequest {
  keyHash: Buffer;
  fingerprint: Buffer;
  /** For the ids of a request that is new. */
  seed: string;
  /** How long others have to wait, unless the lock is renewed; 0 takes none. */
  lockMs: number;
}

/**
 * `mine`: to be done, by this process alone where a lock was asked for. `answered`: with this. `locked`: somebody is at it.
 * `different`: the key belongs to another request.
 */
export type Claim =
  | { state: 'mine'; seed: string; isRepeated: boolean }
  | { state: 'answered'; body: string }
  | { state: 'locked' | 'different' };

/** One that is expired counts as new; one that is free or answers with a run may be taken again. */
const CLAIM = `
  insert into identity.idempotency_keys as k
    (tenant_id, user_id, key_hash, fingerprint, seed, locked_until, expires_at)
  values ($1, $2, $3, $4, $5, clock_timestamp() + $6 * interval '1 millisecond', now() + $7 * interval '1 hour')
  on conflict (tenant_id, user_id, key_hash) do update
  set locked_until = excluded.locked_until,
    fingerprint = excluded.fingerprint,
    seed = case when k.expires_at < now() then excluded.seed else k.seed end,
    body = case when k.expires_at < now() then null else k.body end,
    expires_at = case when k.expires_at < now() then excluded.expires_at else k.expires_at end
  where k.expires_at < now()
    or (k.fingerprint = excluded.fingerprint and k.body is null and k.locked_until <= clock_timestamp())
  returning seed, seed <> $5 as is_repeated`;

@Injectable()
export class IdempotencyKeysRepository {
  constructor(
    private readonly database: Database,
    private readonly config: IdempotencyConfig,
  ) {}

  claim(tenant: TenantContext, { keyHash, fingerprint, seed, lockMs }: KeyedRequest): Promise<Claim> {
    const { tenantId, userId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const values = [tenantId, userId, keyHash, fingerprint, seed, lockMs, this.config.keyHours];
      const [claimed] = await tx.query<{ seed: string; is_repeated: boolean }[]>(CLAIM, values);
      if (claimed) return { state: 'mine', seed: claimed.seed, isRepeated: claimed.is_repeated };
      return this.#state(tx, tenant, { keyHash, fingerprint });
    });
  }

  /** Keeps the lock of a request that takes long; 0 gives it up, so that the request may be tried again. */
  async lockFor(tenant: TenantContext, keyHash: Buffer, lockMs: number): Promise<void> {
    await this.#update(tenant, keyHash, `locked_until = clock_timestamp() + $4 * interval '1 millisecond'`, lockMs);
  }

  async answer(tenant: TenantContext, keyHash: Buffer, body: string): Promise<void> {
    await this.#update(tenant, keyHash, 'body = $4', body);
  }

  /** Forgets keys of all tenants whose time is over. @returns how many */
  async expire(limit: number): Promise<number> {
    const [row] = await this.database.withoutTenant((tx) =>
      tx.query<{ expired: number }[]>('select identity.expire_idempotency_keys($1) as expired', [limit]),
    );
    return row?.expired ?? 0;
  }

  async #state(
    tx: EntityManager,
    { tenantId, userId }: TenantContext,
    { keyHash, fingerprint }: Pick<KeyedRequest, 'keyHash' | 'fingerprint'>,
  ): Promise<Claim> {
    const [row] = await tx.query<{ is_same: boolean; body: string | null }[]>(
      `select fingerprint = $4 as is_same, body from identity.idempotency_keys
       where tenant_id = $1 and user_id = $2 and key_hash = $3`,
      [tenantId, userId, keyHash, fingerprint],
    );
    if (row && !row.is_same) return { state: 'different' };
    return row && row.body !== null ? { state: 'answered', body: row.body } : { state: 'locked' };
  }

  async #update(tenant: TenantContext, keyHash: Buffer, set: string, value: unknown): Promise<void> {
    await this.database.withTenant(tenant, (tx) =>
      tx.query(`update identity.idempotency_keys set ${set} where tenant_id = $1 and user_id = $2 and key_hash = $3`, [
        tenant.tenantId,
        tenant.userId,
        keyHash,
        value,
      ]),
    );
  }
}
