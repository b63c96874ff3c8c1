import { Module } from '@nestjs/common';
import { EmbeddingsConsumer } from './embeddings.consumer.js';
import { EmbeddingsService } from './embeddings.service.js';

@Module({ controllers: [EmbeddingsConsumer], providers: [EmbeddingsService] })
export class EmbeddingsModule {}
