import { Module } from '@nestjs/common';
import { StatisticsService } from './statistics.service.js';
import { StreamingController } from './streaming.controller.js';
import { UsageController } from './usage.controller.js';

@Module({
  controllers: [StreamingController, UsageController],
  providers: [StatisticsService],
  exports: [StatisticsService],
})
export class StatisticsModule {}
