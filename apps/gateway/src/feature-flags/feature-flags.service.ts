import { Injectable, Logger } from '@nestjs/common';
import { DomainError, MAX_MODEL_FLAGS } from '@parley/contracts';
import { assertPlatformAdmin, type Principal } from '../identity/principal.js';
import { modelChoice, modelNotFound } from '../models/model-choice.js';
import { ModelsService } from '../models/models.service.js';
import { BUILT_IN_FLAGS, isBuiltIn } from './feature-flag.js';
import { type FlagChange, FlagChangesRepository } from './flag-changes.repository.js';
import { FlagValues } from './flag-values.js';
import { FeatureFlagsRepository, type FlagDefinition, type StoredFlag } from './feature-flags.repository.js';

const MAX_FLAGS = 50;

/** Flags are those of the installation: administrators of the first tenant see and set them, and nobody else. */
@Injectable()
export class FeatureFlagsService {
  readonly #logger = new Logger(FeatureFlagsService.name);

  constructor(
    private readonly flags: FeatureFlagsRepository,
    private readonly changed: FlagChangesRepository,
    private readonly values: FlagValues,
    private readonly models: ModelsService,
  ) {}

  /** Those that the code knows come first, set or not. */
  async list(principal: Principal): Promise<Omit<StoredFlag, 'updatedAt'>[]> {
    assertPlatformAdmin(principal);
    const stored = await this.flags.list(principal.tenant);
    const known = Object.entries(BUILT_IN_FLAGS)
      .filter(([feature]) => !stored.some((flag) => flag.feature === feature))
      .map(([feature, fields]) => ({ feature, ...fields, model: null, replacement: null }));
    return [...known, ...stored];
  }

  /** The newest changes first. @throws DomainError `insufficient_scope` */
  async changes(principal: Principal, feature: string): Promise<FlagChange[]> {
    assertPlatformAdmin(principal);
    return this.changed.list(principal.tenant, feature);
  }

  /** A flag about a model. @throws DomainError `conflict`, `model_not_found`, `insufficient_scope` */
  async define(principal: Principal, definition: FlagDefinition): Promise<StoredFlag> {
    assertPlatformAdmin(principal);
    const { feature, model, replacement } = definition;
    if (isBuiltIn(feature))
      throw new DomainError('conflict', 'The flag has a meaning of its own.', { param: 'feature' });
    if (model === replacement) {
      throw new DomainError('invalid_request', 'A model cannot replace itself.', { param: 'replacement' });
    }
    await this.#assertModels(principal, { model, replacement });
    const limits = { flags: MAX_FLAGS, modelFlags: MAX_MODEL_FLAGS };
    const flag = await this.flags.define(principal.tenant, definition, limits);
    await this.values.refresh();
    return flag;
  }

  /** @throws DomainError `not_found`, `insufficient_scope` */
  async remove(principal: Principal, feature: string): Promise<void> {
    assertPlatformAdmin(principal);
    if (!(await this.flags.remove(principal.tenant, feature))) throw DomainError.notFound('feature flag', 'feature');
    this.#logger.warn(`Feature flag ${feature} was removed by ${principal.tenant.userId}.`);
    await this.values.refresh();
  }

  /** Ends a rollout that is under way. @throws DomainError `not_found`, `insufficient_scope` */
  async set(principal: Principal, feature: string, percentage: number): Promise<StoredFlag> {
    assertPlatformAdmin(principal);
    const description = isBuiltIn(feature) ? BUILT_IN_FLAGS[feature].description : null;
    const flag = await this.flags.set(principal.tenant, { feature, percentage, description });
    if (!flag) throw DomainError.notFound('feature flag', 'feature');
    this.#logger.warn(`Feature flag ${feature} was set to ${percentage} % by ${principal.tenant.userId}.`);
    await this.values.refresh();
    return flag;
  }

  /** Flags know models by their names: neither an assistant's id nor `default` is one. */
  async #assertModels({ tenant }: Principal, names: { model: string; replacement: string }): Promise<void> {
    const models = (await this.models.list(tenant)).map(({ id }) => id);
    for (const [param, name] of Object.entries(names)) {
      if (modelChoice(name).model !== name || !models.includes(name)) throw modelNotFound(name, param);
    }
  }
}
