import { Global, Module } from '@nestjs/common';
import { ModelsModule } from '../models/models.module.js';
import { StatisticsModule } from '../statistics/statistics.module.js';
import { FeatureFlags } from './feature-flags.js';
import { FeatureFlagsController } from './feature-flags.controller.js';
import { FeatureFlagsRepository } from './feature-flags.repository.js';
import { FeatureFlagsService } from './feature-flags.service.js';
import { FlagChangesRepository } from './flag-changes.repository.js';
import { FlagValues } from './flag-values.js';
import { RolloutRunner } from './rollout-runner.js';
import { RolloutsController } from './rollouts.controller.js';
import { RolloutsRepository } from './rollouts.repository.js';
import { RolloutsService } from './rollouts.service.js';

/** What is on for whom; whoever starts a run asks. */
@Global()
@Module({
  imports: [ModelsModule, StatisticsModule],
  controllers: [FeatureFlagsController, RolloutsController],
  providers: [
    FeatureFlagsRepository,
    FlagChangesRepository,
    FlagValues,
    FeatureFlags,
    FeatureFlagsService,
    RolloutsRepository,
    RolloutsService,
    RolloutRunner,
  ],
  exports: [FeatureFlags],
})
export class FeatureFlagsModule {}
