import { Injectable } from '@nestjs/common';
import { type ProviderStatus, type ServiceStatus } from '@parley/contracts';
import { VERSION } from '@parley/observability';
import { Database } from '@parley/persistence';
import { ModelCatalog } from '../models/model-catalog.js';
import { type ModelListing } from '../models/model-listing.js';

/** Below the deadline of the question. */
const CHECK_TIMEOUT_MS = 1_500;

@Injectable()
export class StatusService {
  constructor(
    private readonly database: Database,
    private readonly models: ModelCatalog,
  ) {}

  async status(): Promise<ServiceStatus> {
    const [database, llm, providers] = await Promise.all([
      inTime(this.database.ping().then(() => true)),
      inTime(this.models.isReachable()),
      Promise.all(this.models.listings.map(providerStatus)),
    ]);
    return { version: VERSION, database, llm, providers };
  }
}

async function providerStatus(listing: ModelListing): Promise<ProviderStatus> {
  const reachable = await inTime(listing.isReachable());
  const { name, state, load } = listing.provider;
  const { active, queued, maxActive = null } = load;
  return { name, state, reachable, active, queued, maxActive };
}

/** False when the check fails or takes too long. */
async function inTime(check: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
  });
  return Promise.race([check.catch(() => false), tooLate]).finally(() => clearTimeout(timer));
}
