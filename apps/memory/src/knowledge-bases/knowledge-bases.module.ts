import { Module } from '@nestjs/common';
import { KnowledgeBaseExpirer } from './knowledge-base-expirer.js';
import { KnowledgeBasesConsumer } from './knowledge-bases.consumer.js';
import { KnowledgeBasesRepository } from './knowledge-bases.repository.js';
import { KnowledgeBasesService } from './knowledge-bases.service.js';

@Module({
  controllers: [KnowledgeBasesConsumer],
  providers: [KnowledgeBasesService, KnowledgeBaseExpirer, KnowledgeBasesRepository],
})
export class KnowledgeBasesModule {}
