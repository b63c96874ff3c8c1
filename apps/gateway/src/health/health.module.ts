import { Module, type OnModuleInit } from '@nestjs/common';
import { MessageBus } from '@parley/messaging';
import { HealthRegistry } from '@parley/observability';
import { Database } from '@parley/persistence';
import { StatisticsModule } from '../statistics/statistics.module.js';
import { MetricsListener } from './metrics-listener.js';
import { MetricsController } from './metrics.controller.js';
import { ProbesController } from './probes.controller.js';
import { StatusController } from './status.controller.js';
import { SuiteStatusService } from './suite-status.service.js';

@Module({
  imports: [StatisticsModule],
  controllers: [StatusController, ProbesController, MetricsController],
  providers: [SuiteStatusService, MetricsListener],
  exports: [MetricsListener],
})
export class HealthModule implements OnModuleInit {
  constructor(
    private readonly registry: HealthRegistry,
    private readonly database: Database,
    private readonly bus: MessageBus,
  ) {}

  onModuleInit(): void {
    this.registry.register('database', () => this.database.ping());
    this.registry.register('broker', async () => {
      if (!this.bus.isConnected) throw new Error('The broker is not connected.');
    });
  }
}
