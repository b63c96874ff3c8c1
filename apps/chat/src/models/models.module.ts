import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module.js';
import { ModelCatalogModule } from './model-catalog.module.js';
import { ModelsConsumer } from './models.consumer.js';
import { ModelsService } from './models.service.js';

@Module({ imports: [ModelCatalogModule, AssistantsModule], controllers: [ModelsConsumer], providers: [ModelsService] })
export class ModelsModule {}
