import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TenantContext } from '@parley/contracts';
import { PeriodicTask } from '../jobs/periodic-task.js';
import { FilesRepository } from './files.repository.js';

const INTERVAL_MS = 60_000;
const FILES_PER_TURN = 100;
/** It acts for a tenant, not for one of its users. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Deletes files whose time is over, as their owner would. Several processes may: a file goes once. */
@Injectable()
export class FileExpirer implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(FileExpirer.name);
  readonly #task = new PeriodicTask(FileExpirer.name, INTERVAL_MS, async () => void (await this.expire()));

  constructor(private readonly files: FilesRepository) {}

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.#task.stop();
  }

  /** One turn. A file that cannot be deleted now does not keep the others. @returns how many went */
  async expire(): Promise<number> {
    let deleted = 0;
    for (const { tenantId, id } of await this.files.expired(FILES_PER_TURN)) {
      const tenant = TenantContext.of({ tenantId, userId: NOBODY, role: 'member' });
      try {
        if (await this.files.delete(tenant, id)) deleted += 1;
      } catch (error) {
        this.#logger.warn(`The expired file ${id} was not deleted: ${String(error)}`);
      }
    }
    if (deleted > 0) this.#logger.log(`${deleted} expired files were deleted`);
    return deleted;
  }
}
