import { Controller } from '@nestjs/common';
import { CountOrphans, type CountOrphansRequest, type OrphanCounts } from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { OrphansService } from './orphans.service.js';

@Controller()
export class OrphansConsumer {
  constructor(private readonly service: OrphansService) {}

  @HandleRpc(CountOrphans)
  count(_request: CountOrphansRequest, { tenant }: MessageContext): Promise<OrphanCounts> {
    return this.service.count(tenant);
  }
}
