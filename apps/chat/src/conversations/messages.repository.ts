import { Injectable } from '@nestjs/common';
import {
  type ListMessagesRequest,
  type MessageCitationsRequest,
  type Page,
  type TenantContext,
} from '@parley/contracts';
import { Database, keysetPage } from '@parley/persistence';
import { In } from 'typeorm';
import { RunEntity } from '../runs/run.entity.js';
import { MessageEntity } from './message.entity.js';

/** A message and the run that wrote it. */
export interface WrittenMessage {
  message: MessageEntity;
  run: RunEntity | null;
}

@Injectable()
export class MessagesRepository {
  constructor(private readonly database: Database) {}

  /** What users and assistants said; results of tools are not listed. */
  list(tenant: TenantContext, request: ListMessagesRequest): Promise<Page<WrittenMessage>> {
    const { tenantId, userId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const query = tx
        .createQueryBuilder(MessageEntity, 'message')
        .where('message.tenantId = :tenantId and message.userId = :userId', { tenantId, userId })
        .andWhere(`message.conversationId = :conversationId and message.role <> 'tool'`, request);
      const { data, hasMore } = await keysetPage(query, request);
      const runIds = data.flatMap(({ runId }) => runId ?? []);
      const runs = await tx.findBy(RunEntity, { id: In(runIds), tenantId, userId });
      const runOf = new Map(runs.map((run) => [run.id, run]));
      return { data: data.map((message) => ({ message, run: runOf.get(message.runId ?? '') ?? null })), hasMore };
    });
  }

  /** Null when the user has no such message. */
  find(tenant: TenantContext, { conversationId, messageId }: MessageCitationsRequest): Promise<MessageEntity | null> {
    const { tenantId, userId } = tenant;
    return this.database.withTenant(tenant, (tx) =>
      tx.findOneBy(MessageEntity, { id: messageId, conversationId, tenantId, userId }),
    );
  }

  /** The last messages of a conversation, oldest first. */
  async listLast(tenant: TenantContext, conversationId: string, limit: number): Promise<MessageEntity[]> {
    const { tenantId, userId } = tenant;
    const latest = await this.database.withTenant(tenant, (tx) =>
      tx.find(MessageEntity, {
        where: { conversationId, tenantId, userId },
        order: { createdAt: 'DESC', id: 'DESC' },
        take: limit,
      }),
    );
    return latest.reverse();
  }
}
