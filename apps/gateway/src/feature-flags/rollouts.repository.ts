import { Injectable } from '@nestjs/common';
import { DomainError, TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { QueryFailedError } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ensureFlag, lockFlag, setPercentage, stopRollout } from './feature-flags.repository.js';
import { type ChangeCause, insertChange } from './flag-changes.repository.js';
import { type Figures, type Verdict } from './rollout-gates.js';
import { type Gates, type Stage, stagesFrom } from './rollout-plan.js';

export type RolloutState = 'running' | 'completed' | 'rolled_back' | 'stopped';

/** As it was judged last. */
export interface RolloutVerdict extends Verdict {
  judged_at: string;
  figures: Record<'on' | 'on_recently' | 'off', Figures>;
}

export interface Rollout {
  id: string;
  feature: string;
  state: RolloutState;
  stages: Stage[];
  gates: Gates;
  /** Index of the one that is or was on last. */
  stage: number;
  stageBeganAt: Date;
  verdict: RolloutVerdict | null;
  createdAt: Date;
  endedAt: Date | null;
}

/** A rollout whose turn to be judged has come. */
export interface DueRollout {
  id: string;
  tenant: TenantContext;
  feature: string;
  stages: Stage[];
  gates: Gates;
  stage: number;
  stageBeganAt: Date;
  /** By the database's clock, as the runs' ends are. */
  now: Date;
}

export interface Transition {
  state: RolloutState;
  stage: number;
  percentage: number;
  cause: ChangeCause;
}

export interface NewRollout {
  feature: string;
  stages: readonly Stage[];
  gates: Gates;
  /** Of a flag that the code knows and that may have no row yet. */
  description: string | null;
  /** Such a flag's share until then. */
  percentage: number;
}

const FIELDS = `id, feature, state, stages, gates, stage, stage_began_at as "stageBeganAt", verdict,
  created_at as "createdAt", ended_at as "endedAt"`;
const MAX_ROLLOUTS = 20;
const UNIQUE_VIOLATION = '23505';
const NOBODY = '00000000-0000-0000-0000-000000000000';

@Injectable()
export class RolloutsRepository {
  constructor(private readonly database: Database) {}

  /** The newest first, 20 at most. */
  list(tenant: TenantContext, feature: string): Promise<Rollout[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select ${FIELDS} from identity.rollouts where tenant_id = $1 and feature = $2 order by id desc limit ${MAX_ROLLOUTS}`,
        [tenant.tenantId, feature],
      ),
    );
  }

  /**
   * Begins with the first stage that is above what is on.
   * @throws DomainError `not_found`; `conflict` when one is under way or no stage is above
   */
  async start(tenant: TenantContext, rollout: NewRollout): Promise<Rollout> {
    const { feature, gates } = rollout;
    return this.database.withTenant(tenant, async (tx) => {
      await ensureFlag(tx, tenant, rollout);
      const before = await lockFlag(tx, tenant, feature);
      if (before === null) throw DomainError.notFound('feature flag', 'feature');
      const stages = stagesFrom(rollout.stages, before);
      if (!stages[0]) throw new DomainError('conflict', `No stage is above ${before} %, which are on already.`);
      const values = [uuidv7(), tenant.tenantId, feature, tenant.userId, JSON.stringify(stages), JSON.stringify(gates)];
      const [started] = await underWay(
        tx.query<Rollout[]>(
          `insert into identity.rollouts (id, tenant_id, feature, started_by, stages, gates, stage, state)
           values ($1, $2, $3, $4, $5, $6, 0, 'running') returning ${FIELDS}`,
          values,
        ),
      );
      const { percentage } = stages[0];
      await setPercentage(tx, tenant, feature, percentage);
      const change = { feature, cause: 'started' as const, percentage, userId: tenant.userId };
      await insertChange(tx, tenant, { ...change, rolloutId: started!.id });
      return started!;
    });
  }

  /** Leaves the share as it is. @returns whether one was under way */
  stop(tenant: TenantContext, feature: string): Promise<boolean> {
    return this.database.withTenant(tenant, async (tx) => {
      const percentage = await lockFlag(tx, tenant, feature);
      const rolloutId = await stopRollout(tx, tenant, feature);
      if (percentage === null || rolloutId === null) return false;
      const change = { feature, cause: 'stopped' as const, percentage, userId: tenant.userId };
      await insertChange(tx, tenant, { ...change, rolloutId });
      return true;
    });
  }

  /** For whoever judges it now: until the pause is over it is nobody else's turn. */
  async claimDue(pauseMs: number): Promise<DueRollout | null> {
    const rows = await this.database.withoutTenant((tx) =>
      tx.query<(Omit<DueRollout, 'tenant'> & { tenantId: string })[]>(
        `select id, tenant_id as "tenantId", feature, stages, gates, stage, stage_began_at as "stageBeganAt",
           clock_timestamp() as now
         from identity.claim_due_rollout($1 * interval '1 millisecond')`,
        [pauseMs],
      ),
    );
    if (!rows[0]) return null;
    const { tenantId, ...due } = rows[0];
    return { ...due, tenant: TenantContext.of({ tenantId, userId: NOBODY, role: 'admin' }) };
  }

  /**
   * Notes a verdict, and what it leads to if it does, unless the rollout is not where it was when it was judged: somebody
   * else has decided then. @returns whether it was there
   */
  decide(due: DueRollout, verdict: RolloutVerdict, next: Transition | null): Promise<boolean> {
    const { id, tenant, feature } = due;
    return this.database.withTenant(tenant, async (tx) => {
      await lockFlag(tx, tenant, feature);
      const [rows] = await tx.query<[unknown[], number]>(
        `update identity.rollouts set verdict = $4, stage = $5, state = $6,
           stage_began_at = case when $7 then now() else stage_began_at end,
           ended_at = case when $6 <> 'running' then now() end
         where id = $1 and tenant_id = $2 and state = 'running' and stage = $3 returning id`,
        [
          ...[id, tenant.tenantId, due.stage, JSON.stringify(verdict)],
          ...[next?.stage ?? due.stage, next?.state ?? 'running', next !== null],
        ],
      );
      if (rows.length === 0) return false;
      if (!next) return true;
      const { percentage, cause } = next;
      const { reason, figures } = verdict;
      await setPercentage(tx, tenant, feature, percentage);
      await insertChange(tx, tenant, { feature, cause, percentage, userId: null, rolloutId: id, reason, figures });
      return true;
    });
  }
}

async function underWay<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    if (!(error instanceof QueryFailedError) || error.driverError.code !== UNIQUE_VIOLATION) throw error;
    throw new DomainError('conflict', 'A rollout of that feature is under way.', { param: 'feature' });
  }
}
