import { Module } from '@nestjs/common';
import { StatisticsConsumer } from './statistics.consumer.js';
import { StatisticsRepository } from './statistics.repository.js';

@Module({ controllers: [StatisticsConsumer], providers: [StatisticsRepository] })
export class StatisticsModule {}
