import { Module } from '@nestjs/common';
import { ModelCatalogModule } from '../models/model-catalog.module.js';
import { StatusConsumer } from './status.consumer.js';
import { StatusService } from './status.service.js';

@Module({ imports: [ModelCatalogModule], controllers: [StatusConsumer], providers: [StatusService] })
export class StatusModule {}
