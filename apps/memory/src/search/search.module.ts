import { Module } from '@nestjs/common';
import { KnowledgeModule } from '@parley/knowledge';
import { SearchConsumer } from './search.consumer.js';
import { SearchRepository } from './search.repository.js';
import { SearchService } from './search.service.js';

@Module({ imports: [KnowledgeModule], controllers: [SearchConsumer], providers: [SearchService, SearchRepository] })
export class SearchModule {}
