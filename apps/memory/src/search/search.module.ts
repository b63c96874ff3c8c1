import { Module } from '@nestjs/common';
import { RerankConfig } from '@parley/config';
import { KnowledgeModule } from '@parley/knowledge';
import { createReranker } from '@parley/llm';
import { QueryEmbedder } from './query-embedder.js';
import { RecallModule } from './recall.module.js';
import { Reranking } from './reranking.js';
import { SearchConsumer } from './search.consumer.js';
import { SearchRepository } from './search.repository.js';
import { SearchService } from './search.service.js';

@Module({
  imports: [KnowledgeModule, RecallModule],
  controllers: [SearchConsumer],
  providers: [
    SearchService,
    QueryEmbedder,
    SearchRepository,
    {
      provide: Reranking,
      inject: [RerankConfig],
      useFactory: (config: RerankConfig) => new Reranking(createReranker(config)),
    },
  ],
  exports: [SearchService],
})
export class SearchModule {}
