import { Module } from '@nestjs/common';
import { EgressModule } from '@parley/egress';
import { KnowledgeModule } from '@parley/knowledge';
import { FilesModule } from '../files/files.module.js';
import { PageRefresher } from './page-refresher.js';
import { PageRowsRepository } from './page-rows.repository.js';
import { PagesConsumer } from './pages.consumer.js';
import { PagesRepository } from './pages.repository.js';
import { PagesService } from './pages.service.js';

@Module({
  imports: [EgressModule, FilesModule, KnowledgeModule],
  controllers: [PagesConsumer],
  providers: [PagesService, PagesRepository, PageRowsRepository, PageRefresher],
})
export class PagesModule {}
