import { Injectable } from '@nestjs/common';
import { DomainError, GetKnowledgeBase, type TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';

@Injectable()
export class KnowledgeBasesClient {
  constructor(private readonly bus: MessageBus) {}

  /** @throws DomainError `not_found` when one of them does not exist or belongs to others */
  async assertExist(tenant: TenantContext, ids: readonly string[]): Promise<void> {
    await Promise.all([...new Set(ids)].map((id) => this.#assertExists(tenant, id)));
  }

  async #assertExists(tenant: TenantContext, id: string): Promise<void> {
    try {
      await this.bus.request(GetKnowledgeBase, { id }, tenant);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'not_found') throw error;
      throw DomainError.notFound('vector store', 'vector_store_ids');
    }
  }
}
