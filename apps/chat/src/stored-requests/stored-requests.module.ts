import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { StoredRequestsConsumer } from './stored-requests.consumer.js';
import { StoredRequestsRepository } from './stored-requests.repository.js';
import { StoredRequestsService } from './stored-requests.service.js';

@Module({
  imports: [ConversationsModule],
  controllers: [StoredRequestsConsumer],
  providers: [StoredRequestsService, StoredRequestsRepository],
})
export class StoredRequestsModule {}
