import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PeriodicTask } from '../jobs/periodic-task.js';
import { PagesService } from './pages.service.js';

const INTERVAL_MS = 30_000;
/** So many per turn: what is due at once is spread over the turns, and each tenant gets its share of every one. */
const PAGES_PER_TURN = 50;

/** Begins the refreshes that are due. One that cannot be begun is due again a little later. */
@Injectable()
export class PageRefresher implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(PageRefresher.name);
  readonly #task = new PeriodicTask(PageRefresher.name, INTERVAL_MS, async () => void (await this.refreshDue()));

  constructor(private readonly pages: PagesService) {}

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.#task.stop();
  }

  /** @returns how many refreshes were begun */
  async refreshDue(limit = PAGES_PER_TURN): Promise<number> {
    let begun = 0;
    for (const page of await this.pages.claimDue(limit)) {
      try {
        await this.pages.refreshDue(page);
        begun += 1;
      } catch (error) {
        this.#logger.warn({ msg: 'a page could not be refreshed', fileId: page.file_id, err: error });
      }
    }
    return begun;
  }
}
