import { Module } from '@nestjs/common';
import { SearchModule } from '../search/search.module.js';
import { EvaluationRunner } from './evaluation-runner.js';
import { EvaluationRunsRepository } from './evaluation-runs.repository.js';
import { EvaluationsConsumer } from './evaluations.consumer.js';
import { EvaluationsRepository } from './evaluations.repository.js';
import { EvaluationsService } from './evaluations.service.js';

@Module({
  imports: [SearchModule],
  controllers: [EvaluationsConsumer],
  providers: [EvaluationsService, EvaluationsRepository, EvaluationRunner, EvaluationRunsRepository],
})
export class EvaluationsModule {}
