import { Injectable } from '@nestjs/common';
import { type OrphanCounts, type TenantContext } from '@parley/contracts';
import { OrphanBlobs } from './orphan-blobs.js';
import { OrphansRepository } from './orphans.repository.js';

@Injectable()
export class OrphansService {
  constructor(
    private readonly orphans: OrphansRepository,
    private readonly blobs: OrphanBlobs,
  ) {}

  async count(tenant: TenantContext): Promise<OrphanCounts> {
    return { ...(await this.orphans.count(tenant)), blobs: await this.blobs.count(tenant) };
  }
}
