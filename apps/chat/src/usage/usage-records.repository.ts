import { Injectable } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { UsageRecordEntity } from './usage-record.entity.js';

export type UsageRecord = Omit<UsageRecordEntity, 'tenantId' | 'userId' | 'createdAt'>;

@Injectable()
export class UsageRecordsRepository {
  constructor(private readonly database: Database) {}

  /** Once more with the same id changes nothing. */
  async add(tenant: TenantContext, record: UsageRecord): Promise<void> {
    const { tenantId, userId } = tenant;
    const values = { ...record, tenantId, userId };
    await this.database.withTenant(tenant, (tx) =>
      tx.createQueryBuilder().insert().into(UsageRecordEntity).values(values).orIgnore().execute(),
    );
  }
}
