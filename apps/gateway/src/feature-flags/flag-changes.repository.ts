import { Injectable } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

export type ChangeCause =
  'defined' | 'deleted' | 'set' | 'started' | 'promoted' | 'completed' | 'rolled_back' | 'stopped';

export interface NewFlagChange {
  feature: string;
  cause: ChangeCause;
  /** From now on. */
  percentage: number;
  /** Null: a rollout did it by itself. */
  userId: string | null;
  rolloutId?: string | null;
  reason?: string | null;
  figures?: object | null;
}

export interface FlagChange extends Required<NewFlagChange> {
  createdAt: Date;
}

const MAX_CHANGES = 100;

/** Who changed which flag, when and why: written with the change, and never altered. */
@Injectable()
export class FlagChangesRepository {
  constructor(private readonly database: Database) {}

  /** The newest first, 100 at most. */
  list(tenant: TenantContext, feature: string): Promise<FlagChange[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select feature, cause, percentage, user_id as "userId", rollout_id as "rolloutId", reason, figures,
           created_at as "createdAt"
         from identity.flag_changes where tenant_id = $1 and feature = $2 order by id desc limit ${MAX_CHANGES}`,
        [tenant.tenantId, feature],
      ),
    );
  }
}

export async function insertChange(
  tx: EntityManager,
  tenant: TenantContext,
  { feature, cause, percentage, userId, rolloutId = null, reason = null, figures = null }: NewFlagChange,
): Promise<void> {
  await tx.query(
    `insert into identity.flag_changes (id, tenant_id, feature, cause, percentage, user_id, rollout_id, reason, figures)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      uuidv7(),
      tenant.tenantId,
      feature,
      cause,
      percentage,
      userId,
      rolloutId,
      reason,
      figures && JSON.stringify(figures),
    ],
  );
}
