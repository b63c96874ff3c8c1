import { Injectable } from '@nestjs/common';
import { DomainError, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager, QueryFailedError } from 'typeorm';
import { type FlagValue } from './feature-flag.js';
import { insertChange } from './flag-changes.repository.js';

export interface StoredFlag extends FlagValue {
  description: string;
  updatedAt: Date;
}

export interface FlagDefinition {
  feature: string;
  description: string;
  model: string;
  replacement: string;
}

const FIELDS = 'feature, description, percentage, model, replacement, updated_at as "updatedAt"';
const UNIQUE_VIOLATION = '23505';

/** Flags of the installation, which are rows of its first tenant. */
@Injectable()
export class FeatureFlagsRepository {
  constructor(private readonly database: Database) {}

  /** Of the installation, whoever asks. */
  current(): Promise<FlagValue[]> {
    return this.database.withoutTenant((tx) => tx.query('select * from identity.current_feature_flags()'));
  }

  list(tenant: TenantContext): Promise<StoredFlag[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(`select ${FIELDS} from identity.feature_flags where tenant_id = $1 order by feature`, [tenant.tenantId]),
    );
  }

  /**
   * Makes a flag, or changes what it is about while it is on for nobody.
   * @throws DomainError `conflict` when it is on for somebody, another flag is about the model, or there are too many
   */
  define(
    tenant: TenantContext,
    { feature, description, model, replacement }: FlagDefinition,
    limits: { flags: number; modelFlags: number },
  ): Promise<StoredFlag> {
    return this.database.withTenant(tenant, async (tx) => {
      const rows = await named(
        tx.query<StoredFlag[]>(
          `insert into identity.feature_flags as f (tenant_id, feature, description, percentage, model, replacement)
           values ($1, $2, $3, 0, $4, $5)
           on conflict (tenant_id, feature) do update set description = excluded.description, model = excluded.model,
             replacement = excluded.replacement, updated_at = now()
           where f.percentage = 0 or (f.model, f.replacement) is not distinct from (excluded.model, excluded.replacement)
           returning ${FIELDS}`,
          [tenant.tenantId, feature, description, model, replacement],
        ),
      );
      const [flag] = rows;
      if (!flag) throw new DomainError('conflict', 'The flag is on for somebody: set its percentage to 0 first.');
      await assertFew(tx, tenant, limits);
      const { percentage } = flag;
      const figures = { model, replacement };
      await insertChange(tx, tenant, { feature, cause: 'defined', percentage, userId: tenant.userId, figures });
      return flag;
    });
  }

  /** With its rollouts; what was done with it stays told. @returns whether there was one */
  remove(tenant: TenantContext, feature: string): Promise<boolean> {
    return this.database.withTenant(tenant, async (tx) => {
      const [rows] = await tx.query<[unknown[], number]>(
        'delete from identity.feature_flags where tenant_id = $1 and feature = $2 returning feature',
        [tenant.tenantId, feature],
      );
      if (rows.length === 0) return false;
      await insertChange(tx, tenant, { feature, cause: 'deleted', percentage: 0, userId: tenant.userId });
      return true;
    });
  }

  /**
   * Sets the share by hand, which ends a rollout that is under way.
   * @param description of a flag that the code knows and that has no row yet; null: there must be one
   * @returns null when there is no such flag
   */
  set(
    tenant: TenantContext,
    { feature, percentage, description }: { feature: string; percentage: number; description: string | null },
  ): Promise<StoredFlag | null> {
    return this.database.withTenant(tenant, async (tx) => {
      await ensureFlag(tx, tenant, { feature, percentage, description });
      await lockFlag(tx, tenant, feature);
      const rolloutId = await stopRollout(tx, tenant, feature);
      const flag = await setPercentage(tx, tenant, feature, percentage);
      if (!flag) return null;
      await insertChange(tx, tenant, { feature, cause: 'set', percentage, userId: tenant.userId, rolloutId });
      return flag;
    });
  }
}

/** Comes before whatever is done with its rollouts, so that nothing happens in between. @returns its share; null: none */
export async function lockFlag(tx: EntityManager, tenant: TenantContext, feature: string): Promise<number | null> {
  const [flag] = await tx.query<{ percentage: number }[]>(
    'select percentage from identity.feature_flags where tenant_id = $1 and feature = $2 for update',
    [tenant.tenantId, feature],
  );
  return flag?.percentage ?? null;
}

/** @returns the one that was under way */
export async function stopRollout(tx: EntityManager, tenant: TenantContext, feature: string): Promise<string | null> {
  const [rows] = await tx.query<[{ id: string }[], number]>(
    `update identity.rollouts set state = 'stopped', ended_at = now()
     where tenant_id = $1 and feature = $2 and state = 'running' returning id`,
    [tenant.tenantId, feature],
  );
  return rows[0]?.id ?? null;
}

/** Gives a flag that the code knows its row. */
export async function ensureFlag(
  tx: EntityManager,
  tenant: TenantContext,
  { feature, percentage, description }: { feature: string; percentage: number; description: string | null },
): Promise<void> {
  if (description === null) return;
  await tx.query(
    `insert into identity.feature_flags (tenant_id, feature, description, percentage) values ($1, $2, $3, $4)
     on conflict (tenant_id, feature) do nothing`,
    [tenant.tenantId, feature, description, percentage],
  );
}

export async function setPercentage(
  tx: EntityManager,
  tenant: TenantContext,
  feature: string,
  percentage: number,
): Promise<StoredFlag | null> {
  const [rows] = await tx.query<[StoredFlag[], number]>(
    `update identity.feature_flags set percentage = $3, updated_at = now()
     where tenant_id = $1 and feature = $2 returning ${FIELDS}`,
    [tenant.tenantId, feature, percentage],
  );
  return rows[0] ?? null;
}

async function assertFew(
  tx: EntityManager,
  { tenantId }: TenantContext,
  { flags, modelFlags }: { flags: number; modelFlags: number },
): Promise<void> {
  const [counted] = await tx.query<[{ all: number; models: number }]>(
    `select count(*)::integer as "all", count(model)::integer as "models" from identity.feature_flags where tenant_id = $1`,
    [tenantId],
  );
  if (counted.all <= flags && counted.models <= modelFlags) return;
  throw new DomainError('conflict', `There can be ${flags} flags, ${modelFlags} of them about models.`);
}

async function named<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    const isTaken = error instanceof QueryFailedError && error.driverError.code === UNIQUE_VIOLATION;
    if (!isTaken) throw error;
    throw new DomainError('conflict', 'Another flag is about that model already.', { param: 'model' });
  }
}
