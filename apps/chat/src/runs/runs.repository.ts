import { Injectable } from '@nestjs/common';
import { DomainError, type ModelOrigin, type StartRunReply, type TenantContext } from '@parley/contracts';
import { Database, functionCall, storableJson, storableText } from '@parley/persistence';
import { type FindOptionsWhere, In } from 'typeorm';
import { MessageEntity } from '../conversations/message.entity.js';
import { RunEntity } from './run.entity.js';
import { type OutlinePiece } from './run-log.js';
import { type RunPlan } from './run-plan.js';
import { type RunResult } from './run-result.js';
import { textOf } from './turns.js';

export interface StoredRun {
  run: RunEntity;
  /** The answer, as far as it is saved. */
  message: MessageEntity | null;
}

export interface BegunRun {
  /** Null when a run with this id exists already. */
  createdAt: Date | null;
  /** Whether it is really stored: the transaction's commit, which may still be under way. */
  stored: Promise<void>;
}

const FOREIGN_KEY_VIOLATION = '23503';

@Injectable()
export class RunsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Stores the run and, unless the plan says otherwise, what the client said. Resolves as soon as it is certain that nobody
   * else has begun this run: from then on work may start while the commit is under way.
   */
  async begin(tenant: TenantContext, plan: RunPlan, start: { owner: string; queueMs: number }): Promise<BegunRun> {
    const { sql, values } = functionCall('chat.begin_run', beginning(tenant, plan, start));
    const { rows, committed } = this.database.send<{ result: Date }>(tenant, sql, values);
    const stored = committed.catch(explained);
    stored.catch(() => undefined);
    const [begun] = await rows.catch(explained);
    return { createdAt: begun?.result ?? null, stored };
  }

  /** What the caller was told when the run began; null when it is somebody else's. */
  async findReply(tenant: TenantContext, runId: string): Promise<StartRunReply | null> {
    const { tenantId, userId } = tenant;
    const run = await this.database.withTenant(tenant, (tx) =>
      tx.findOneBy(RunEntity, { id: runId, tenantId, userId }),
    );
    if (!run) return null;
    const { conversationId, messageId, parentId, requestedModel, provider } = run;
    const model = requestedModel ?? run.model;
    return { runId, conversationId, messageId, parentId, model, provider, createdAt: run.createdAt.toISOString() };
  }

  /** Saves the text so far, while the run is under way. */
  async checkpoint(tenant: TenantContext, runId: string, text: string, outline: OutlinePiece[] | null): Promise<void> {
    const { sql, values } = functionCall('chat.checkpoint_run', {
      ...{ run: runId, tenant: tenant.tenantId, user: tenant.userId },
      ...{ text: storableText(text), outline: outline && storableJson(outline) },
    });
    await this.database.query(tenant, sql, values);
  }

  /** Who answers a run that is under way, where it is not who was asked first. */
  async noteOrigin(tenant: TenantContext, runId: string, { provider, model }: ModelOrigin): Promise<void> {
    await this.database.withTenant(tenant, (tx) =>
      tx.query(
        `update chat.runs set provider = $4, model = $5
         where id = $1 and tenant_id = $2 and user_id = $3 and status = 'in_progress'`,
        [runId, tenant.tenantId, tenant.userId, provider, model],
      ),
    );
  }

  /** The run's end, in one statement; false when it has ended already. */
  async finish(tenant: TenantContext, runId: string, result: RunResult): Promise<boolean> {
    const { status, finishReason, error, usage, origin, timings, message, historyHash } = result;
    const { sql, values } = functionCall('chat.finish_run', {
      ...{ run: runId, tenant: tenant.tenantId, user: tenant.userId, status, finish_reason: finishReason },
      ...{ error_code: error?.code, error_message: error && storableText(error.message) },
      ...{ prompt_tokens: usage?.promptTokens, completion_tokens: usage?.completionTokens },
      ...{ cached_tokens: usage?.cachedTokens, reasoning_tokens: usage?.reasoningTokens },
      ...{ usage_estimated: usage?.estimated, cost_micros: usage?.costMicros },
      ...{ retrieval_ms: timings.retrievalMs, first_token_ms: timings.firstTokenMs, total_ms: timings.totalMs },
      text: message && storableText(message.text),
      annotations: storableJson(message?.annotations ?? []),
      tool_calls: message?.toolCalls && storableJson(message.toolCalls),
      outline: message?.outline && storableJson(message.outline),
      ...{ history_hash: historyHash, output_extent: result.extent },
      ...{ provider: origin?.provider, model: origin?.model },
    });
    const [finished] = await this.database.query<{ result: boolean }>(tenant, sql, values);
    return finished!.result;
  }

  /** The run with what is stored of its answer; null when it is not this user's. */
  find(tenant: TenantContext, runId: string): Promise<StoredRun | null> {
    return this.#findOne(tenant, { id: runId });
  }

  /** The newest run that is under way in a conversation of this user; null when there is none. */
  findUnderWay(tenant: TenantContext, conversationId: string): Promise<StoredRun | null> {
    return this.#findOne(tenant, { conversationId, status: In(['queued', 'in_progress']) });
  }

  /** Notes that a run is to stop; changes nothing about one that has ended. */
  async requestCancel(tenant: TenantContext, runId: string): Promise<void> {
    await this.database.withTenant(tenant, (tx) =>
      tx.query(
        `update chat.runs set cancel_requested_at = coalesce(cancel_requested_at, now())
         where id = $1 and tenant_id = $2 and user_id = $3 and status in ('queued', 'in_progress')`,
        [runId, tenant.tenantId, tenant.userId],
      ),
    );
  }

  /** Tells that the owner of these runs is alive. @returns those of them that are to stop, or were interrupted */
  async renew(owner: string, runIds: readonly string[]): Promise<string[]> {
    if (runIds.length === 0) return [];
    const rows: { run_id: string }[] = await this.database.withoutTenant((tx) =>
      tx.query('select run_id from chat.renew_runs($1, $2)', [owner, runIds]),
    );
    return rows.map((row) => row.run_id);
  }

  /** Ends runs of all tenants whose owner has not been heard of for so long. @returns how many */
  async interruptStale(staleAfterMs: number): Promise<number> {
    const rows: { interrupted: number }[] = await this.database.withoutTenant((tx) =>
      tx.query(`select chat.interrupt_stale_runs($1 * interval '1 millisecond') as interrupted`, [staleAfterMs]),
    );
    return rows[0]?.interrupted ?? 0;
  }

  #findOne(tenant: TenantContext, which: FindOptionsWhere<RunEntity>): Promise<StoredRun | null> {
    const { tenantId, userId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const where = { ...which, tenantId, userId };
      const run = await tx.findOne(RunEntity, { where, order: { createdAt: 'desc' } });
      if (!run) return null;
      const { messageId } = run;
      const message = messageId && (await tx.findOneBy(MessageEntity, { id: messageId, tenantId, userId }));
      return { run, message: message || null };
    });
  }
}

function beginning(
  { tenantId, userId }: TenantContext,
  { runId, assistantId, origin, model, variants, metadata, storage, record }: RunPlan,
  { owner, queueMs }: { owner: string; queueMs: number },
): Record<string, unknown> {
  const parents = [storage?.parentId ?? null, ...(storage?.added ?? []).map(({ id }) => id)];
  const messages = (storage?.added ?? []).map(({ id, message, historyHash }, index) => ({
    id,
    parent_id: parents[index],
    history_hash: historyHash?.toString('hex') ?? null,
    role: message.role,
    content: textOf(message),
    tool_calls: message.toolCalls ?? null,
    tool_call_id: message.toolCallId ?? null,
  }));
  const kept = storage ? record : null;
  return {
    ...{ run: runId, tenant: tenantId, user: userId, assistant: assistantId, owner, queue_ms: queueMs },
    ...{ provider: origin.provider, model: origin.model, requested_model: model, metadata: storableJson(metadata) },
    conversation: storage?.conversationId,
    ...{ is_new: storage?.isNewConversation ?? false, title: storableText(storage?.title ?? '') || null },
    ...{ messages: storableJson(messages), parent: parents.at(-1), message: storage?.messageId },
    ...{ kind: kept?.kind, request: kept && storableJson(kept.request), variants },
  };
}

function explained(error: unknown): never {
  if ((error as { code?: unknown }).code !== FOREIGN_KEY_VIOLATION) throw error;
  throw DomainError.notFound('conversation', 'conversation_id');
}
