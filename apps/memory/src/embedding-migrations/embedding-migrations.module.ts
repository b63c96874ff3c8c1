import { Module } from '@nestjs/common';
import { KnowledgeModule } from '@parley/knowledge';
import { ComparisonService } from './comparison.service.js';
import { EmbeddingMigrationSweeper } from './embedding-migration-sweeper.js';
import { EmbeddingMigrationsConsumer } from './embedding-migrations.consumer.js';
import { EmbeddingMigrationsRepository } from './embedding-migrations.repository.js';
import { EmbeddingMigrationsService } from './embedding-migrations.service.js';
import { VectorWeightService } from './vector-weight.service.js';

@Module({
  imports: [KnowledgeModule],
  controllers: [EmbeddingMigrationsConsumer],
  providers: [
    EmbeddingMigrationsService,
    EmbeddingMigrationsRepository,
    EmbeddingMigrationSweeper,
    ComparisonService,
    VectorWeightService,
  ],
})
export class EmbeddingMigrationsModule {}
