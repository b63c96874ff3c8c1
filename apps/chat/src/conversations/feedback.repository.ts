import { Injectable } from '@nestjs/common';
import { type Feedback, type TenantContext } from '@parley/contracts';
import { Database, storable } from '@parley/persistence';
import { FeedbackEntity } from './feedback.entity.js';

@Injectable()
export class FeedbackRepository {
  constructor(private readonly database: Database) {}

  /** Replaces what was said before. @param messageId of a message of this user */
  async save(tenant: TenantContext, messageId: string, feedback: Feedback): Promise<void> {
    const { tenantId, userId } = tenant;
    const values = { ...storable(feedback), messageId, tenantId, userId };
    await this.database.withTenant(tenant, (tx) =>
      tx
        .createQueryBuilder()
        .insert()
        .into(FeedbackEntity)
        .values(values)
        .orUpdate(['rating', 'comment', 'updated_at'], ['message_id'])
        .execute(),
    );
  }

  /** False when there was none. */
  async delete(tenant: TenantContext, messageId: string): Promise<boolean> {
    const { tenantId, userId } = tenant;
    const { affected } = await this.database.withTenant(tenant, (tx) =>
      tx.delete(FeedbackEntity, { messageId, tenantId, userId }),
    );
    return affected === 1;
  }
}
