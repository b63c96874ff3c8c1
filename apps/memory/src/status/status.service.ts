import { Injectable } from '@nestjs/common';
import { type ServiceStatus } from '@parley/contracts';
import { EmbeddingProviders } from '@parley/llm';
import { VERSION } from '@parley/observability';
import { Database } from '@parley/persistence';

/** Below the deadline of the question. */
const CHECK_TIMEOUT_MS = 1_500;

@Injectable()
export class StatusService {
  constructor(
    private readonly database: Database,
    private readonly embeddings: EmbeddingProviders,
  ) {}

  async status(): Promise<ServiceStatus> {
    return { version: VERSION, database: await this.#isDatabaseUp(), llm: !this.embeddings.isPausing };
  }

  /** False as well when it takes too long. */
  #isDatabaseUp(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
    this.database.ping().then(
      () => resolve(true),
      () => resolve(false),
    );
    return promise.finally(() => clearTimeout(timer));
  }
}
