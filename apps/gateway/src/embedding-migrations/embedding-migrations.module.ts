import { Module } from '@nestjs/common';
import { EmbeddingComparisonController } from './embedding-comparison.controller.js';
import { EmbeddingMigrationsController } from './embedding-migrations.controller.js';
import { EmbeddingMigrationsService } from './embedding-migrations.service.js';
import { EmbeddingSpaceController } from './embedding-space.controller.js';

@Module({
  controllers: [EmbeddingMigrationsController, EmbeddingComparisonController, EmbeddingSpaceController],
  providers: [EmbeddingMigrationsService],
})
export class EmbeddingMigrationsModule {}
