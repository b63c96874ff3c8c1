import { Module } from '@nestjs/common';
import { KnowledgeModule } from '@parley/knowledge';
import { DeadLettersRepository } from './dead-letters.repository.js';
import { IngestionJobsConsumer } from './ingestion-jobs.consumer.js';
import { IngestionJobsRepository } from './ingestion-jobs.repository.js';
import { IngestionJobsService } from './ingestion-jobs.service.js';
import { JobMetrics } from './job-metrics.js';
import { JobSweeper } from './job-sweeper.js';
import { JobsRepository } from './jobs.repository.js';
import { StatisticsRoller } from './statistics-roller.js';

@Module({
  imports: [KnowledgeModule],
  controllers: [IngestionJobsConsumer],
  providers: [
    ...[JobSweeper, JobMetrics, JobsRepository, StatisticsRoller],
    ...[IngestionJobsService, IngestionJobsRepository, DeadLettersRepository],
  ],
})
export class JobsModule {}
