import { Module } from '@nestjs/common';
import { DeadLettersController } from './dead-letters.controller.js';
import { DocumentJobController } from './document-job.controller.js';
import { IngestionJobsController } from './ingestion-jobs.controller.js';
import { ProgressService } from './progress.service.js';

@Module({
  controllers: [DocumentJobController, IngestionJobsController, DeadLettersController],
  providers: [ProgressService],
})
export class IngestionJobsModule {}
