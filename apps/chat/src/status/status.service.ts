import { Injectable } from '@nestjs/common';
import { type ServiceStatus } from '@parley/contracts';
import { VERSION } from '@parley/observability';
import { Database } from '@parley/persistence';
import { ModelCatalog } from '../models/model-catalog.js';

/** Below the deadline of the question. */
const CHECK_TIMEOUT_MS = 1_500;

@Injectable()
export class StatusService {
  constructor(
    private readonly database: Database,
    private readonly models: ModelCatalog,
  ) {}

  async status(): Promise<ServiceStatus> {
    const [database, llm] = await Promise.all([
      inTime(this.database.ping().then(() => true)),
      inTime(this.models.isReachable()),
    ]);
    return { version: VERSION, database, llm };
  }
}

/** False when the check fails or takes too long. */
async function inTime(check: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
  });
  return Promise.race([check.catch(() => false), tooLate]).finally(() => clearTimeout(timer));
}
