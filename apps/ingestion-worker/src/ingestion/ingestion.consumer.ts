import { Controller } from '@nestjs/common';
import { IngestDocument, type IngestDocumentPayload } from '@parley/contracts';
import { ack, HandleCommand, type MessageContext, type Outcome } from '@parley/messaging';
import { IngestionService } from './ingestion.service.js';

/** Each document has a parser process of its own, so there is no use in more than a few at a time. */
const CONCURRENCY = 2;

const OPTIONS = {
  prefetch: CONCURRENCY,
  concurrency: CONCURRENCY,
  /** RabbitMQ takes a message back after half an hour without acknowledgement. */
  timeoutMs: 25 * 60_000,
  /** Attempts at the job are counted in its row; those of the message only see an outage of the database through. */
  maxAttempts: 1_000,
};

@Controller()
export class IngestionConsumer {
  constructor(private readonly service: IngestionService) {}

  /**
   * A wake-up: the worker takes the job whose turn it is, which need not be the one in the message. Whatever becomes of
   * it is in its row, and should it be tried again another wake-up comes, so the message is done with.
   */
  @HandleCommand(IngestDocument, OPTIONS)
  async ingest(_payload: IngestDocumentPayload, { signal }: MessageContext): Promise<Outcome> {
    await this.service.ingestNext(signal);
    return ack();
  }
}
