import { Injectable } from '@nestjs/common';
import { CountOrphans, type OrphanCounts, type TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';

@Injectable()
export class StorageService {
  constructor(private readonly bus: MessageBus) {}

  countOrphans(tenant: TenantContext): Promise<OrphanCounts> {
    return this.bus.request(CountOrphans, {}, tenant);
  }
}
