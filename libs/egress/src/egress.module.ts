import { Module } from '@nestjs/common';
import { EgressClient } from './egress-client.js';
import { EgressPolicy } from './egress-policy.js';
import { EgressConfig } from './egress.config.js';

/** Provides EgressPolicy and EgressClient. The app's config sections must hold EgressConfig. */
@Module({
  providers: [
    { provide: EgressPolicy, inject: [EgressConfig], useFactory: (config: EgressConfig) => new EgressPolicy(config) },
    {
      provide: EgressClient,
      inject: [EgressPolicy, EgressConfig],
      useFactory: (policy: EgressPolicy, config: EgressConfig) => new EgressClient(policy, config),
    },
  ],
  exports: [EgressPolicy, EgressClient],
})
export class EgressModule {}
