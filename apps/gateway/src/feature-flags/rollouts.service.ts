import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { assertPlatformAdmin, type Principal } from '../identity/principal.js';
import { BUILT_IN_FLAGS, isBuiltIn } from './feature-flag.js';
import { FlagValues } from './flag-values.js';
import { type Gates, type Stage } from './rollout-plan.js';
import { type Rollout, RolloutsRepository } from './rollouts.repository.js';

/** Starts and stops what takes a feature from some users to all by itself; for administrators of the first tenant. */
@Injectable()
export class RolloutsService {
  readonly #logger = new Logger(RolloutsService.name);

  constructor(
    private readonly rollouts: RolloutsRepository,
    private readonly values: FlagValues,
  ) {}

  /** The newest first. @throws DomainError `insufficient_scope` */
  async list(principal: Principal, feature: string): Promise<Rollout[]> {
    assertPlatformAdmin(principal);
    return this.rollouts.list(principal.tenant, feature);
  }

  /** @throws DomainError `not_found`, `conflict`, `insufficient_scope` */
  async start(
    principal: Principal,
    { feature, stages, gates }: { feature: string; stages: readonly Stage[]; gates: Gates },
  ): Promise<Rollout> {
    assertPlatformAdmin(principal);
    const known = isBuiltIn(feature) ? BUILT_IN_FLAGS[feature] : { description: null, percentage: 0 };
    const rollout = await this.rollouts.start(principal.tenant, { feature, stages, gates, ...known });
    this.#logger.warn(`The rollout of ${feature} was started by ${principal.tenant.userId}.`);
    await this.values.refresh();
    return rollout;
  }

  /** Leaves the share as it is. @throws DomainError `not_found` without one under way, `insufficient_scope` */
  async stop(principal: Principal, feature: string): Promise<Rollout> {
    assertPlatformAdmin(principal);
    const { tenant } = principal;
    if (!(await this.rollouts.stop(tenant, feature))) throw DomainError.notFound('rollout under way', 'feature');
    this.#logger.warn(`The rollout of ${feature} was stopped by ${tenant.userId}.`);
    const [rollout] = await this.rollouts.list(tenant, feature);
    return rollout!;
  }
}
