import { Global, Module } from '@nestjs/common';
import { ModelsModule } from '../models/models.module.js';
import { FeatureFlags } from './feature-flags.js';
import { FeatureFlagsController } from './feature-flags.controller.js';
import { FeatureFlagsRepository } from './feature-flags.repository.js';
import { FeatureFlagsService } from './feature-flags.service.js';
import { FlagChangesRepository } from './flag-changes.repository.js';
import { FlagValues } from './flag-values.js';

/** What is on for whom; whoever starts a run asks. */
@Global()
@Module({
  imports: [ModelsModule],
  controllers: [FeatureFlagsController],
  providers: [FeatureFlagsRepository, FlagChangesRepository, FlagValues, FeatureFlags, FeatureFlagsService],
  exports: [FeatureFlags],
})
export class FeatureFlagsModule {}
