import { Module } from '@nestjs/common';
import { BlobsModule } from '@parley/blobs';
import { OrphanBlobs } from './orphan-blobs.js';
import { OrphanSweeper } from './orphan-sweeper.js';
import { OrphansConsumer } from './orphans.consumer.js';
import { OrphansRepository } from './orphans.repository.js';
import { OrphansService } from './orphans.service.js';

@Module({
  imports: [BlobsModule],
  controllers: [OrphansConsumer],
  providers: [OrphansService, OrphanSweeper, OrphanBlobs, OrphansRepository],
})
export class OrphansModule {}
