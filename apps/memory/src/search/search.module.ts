import { Module } from '@nestjs/common';
import { KnowledgeModule } from '@parley/knowledge';
import { QueryEmbedder } from './query-embedder.js';
import { RecallModule } from './recall.module.js';
import { SearchConsumer } from './search.consumer.js';
import { SearchRepository } from './search.repository.js';
import { SearchService } from './search.service.js';

@Module({
  imports: [KnowledgeModule, RecallModule],
  controllers: [SearchConsumer],
  providers: [SearchService, QueryEmbedder, SearchRepository],
  exports: [SearchService],
})
export class SearchModule {}
