import { Module } from '@nestjs/common';
import { StatisticsConsumer } from './statistics.consumer.js';
import { StatisticsRepository } from './statistics.repository.js';
import { StatisticsService } from './statistics.service.js';

@Module({ controllers: [StatisticsConsumer], providers: [StatisticsRepository, StatisticsService] })
export class StatisticsModule {}
