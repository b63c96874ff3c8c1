import { Controller } from '@nestjs/common';
import { MoveEmbeddings, type MoveEmbeddingsPayload } from '@parley/contracts';
import { ack, HandleCommand, type MessageContext, type Outcome } from '@parley/messaging';
import { EmbeddingMigrationsService } from './embedding-migrations.service.js';

const OPTIONS = {
  /** One at a time, so that documents do not wait for processor and rate limit. */
  prefetch: 1,
  concurrency: 1,
  /** RabbitMQ takes a message back after half an hour without acknowledgement; what is not done by then is announced again. */
  timeoutMs: 25 * 60_000,
  /** Those of the message only see an outage of the database through. */
  maxAttempts: 1_000,
};

@Controller()
export class EmbeddingMigrationsConsumer {
  constructor(private readonly service: EmbeddingMigrationsService) {}

  @HandleCommand(MoveEmbeddings, OPTIONS)
  async move({ migrationId }: MoveEmbeddingsPayload, { tenant, signal }: MessageContext): Promise<Outcome> {
    await this.service.move(tenant, migrationId, signal);
    return ack();
  }
}
