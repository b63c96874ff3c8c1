import { Module } from '@nestjs/common';
import { KnowledgeModule } from '@parley/knowledge';
import { JobSweeper } from './job-sweeper.js';
import { JobsRepository } from './jobs.repository.js';
import { StatisticsRoller } from './statistics-roller.js';

@Module({ imports: [KnowledgeModule], providers: [JobSweeper, StatisticsRoller, JobsRepository] })
export class JobsModule {}
