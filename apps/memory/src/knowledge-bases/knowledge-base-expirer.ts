import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PeriodicTask } from '../jobs/periodic-task.js';
import { KnowledgeBasesRepository } from './knowledge-bases.repository.js';

const INTERVAL_MS = 60_000;
const DOCUMENTS_PER_TURN = 100;

/** Empties knowledge bases that have expired, some documents per turn. Several processes may: a document goes once. */
@Injectable()
export class KnowledgeBaseExpirer implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(KnowledgeBaseExpirer.name);
  readonly #task = new PeriodicTask(KnowledgeBaseExpirer.name, INTERVAL_MS, async () => void (await this.expire()));

  constructor(private readonly knowledgeBases: KnowledgeBasesRepository) {}

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.#task.stop();
  }

  /** One turn. A document that cannot be removed now does not keep the others. @returns how many went */
  async expire(): Promise<number> {
    let removed = 0;
    for (const document of await this.knowledgeBases.expiredDocuments(DOCUMENTS_PER_TURN)) {
      try {
        if (await this.knowledgeBases.removeExpired(document)) removed += 1;
      } catch (error) {
        this.#logger.warn(`The document ${document.documentId} was not removed: ${String(error)}`);
      }
    }
    if (removed > 0) this.#logger.log(`${removed} documents of expired knowledge bases were removed`);
    return removed;
  }
}
