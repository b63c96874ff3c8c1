import { Module } from '@nestjs/common';
import { ModelCatalogModule } from '../models/model-catalog.module.js';
import { ToolsModule } from '../tools/tools.module.js';
import { AssistantsConsumer } from './assistants.consumer.js';
import { AssistantsRepository } from './assistants.repository.js';
import { AssistantsService } from './assistants.service.js';
import { KnowledgeBasesClient } from './knowledge-bases.client.js';

@Module({
  imports: [ModelCatalogModule, ToolsModule],
  controllers: [AssistantsConsumer],
  providers: [AssistantsService, AssistantsRepository, KnowledgeBasesClient],
  exports: [AssistantsRepository],
})
export class AssistantsModule {}
