import { type ErrorCode, type FinishReason, type Metadata, type RunStatus } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** One answer being generated, or having been; it holds no text and outlives its conversation. */
@Entity({ name: 'runs' })
export class RunEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('uuid', { name: 'conversation_id', nullable: true })
  conversationId!: string | null;

  /** The answer; there is no such message before its first text was saved. */
  @Column('uuid', { name: 'message_id', nullable: true })
  messageId!: string | null;

  /** The message that the answer follows. */
  @Column('uuid', { name: 'parent_id', nullable: true })
  parentId!: string | null;

  @Column('uuid', { name: 'assistant_id', nullable: true })
  assistantId!: string | null;

  @Column('text')
  status!: RunStatus;

  @Column('text')
  provider!: string;

  @Column('text')
  model!: string;

  /** As the client named it; null in runs from before this was kept. */
  @Column('text', { name: 'requested_model', nullable: true })
  requestedModel!: string | null;

  /** How it was served under the feature flags that bear on it: `streaming:on`. */
  @Column('text', { array: true, nullable: true, select: false })
  variants!: string[] | null;

  @Column('text', { name: 'finish_reason', nullable: true })
  finishReason!: FinishReason | null;

  @Column('text', { name: 'error_code', nullable: true })
  errorCode!: ErrorCode | null;

  @Column('text', { name: 'error_message', nullable: true })
  errorMessage!: string | null;

  @Column('integer', { name: 'prompt_tokens', nullable: true })
  promptTokens!: number | null;

  @Column('integer', { name: 'completion_tokens', nullable: true })
  completionTokens!: number | null;

  @Column('integer', { name: 'cached_tokens', nullable: true })
  cachedTokens!: number | null;

  @Column('integer', { name: 'reasoning_tokens', nullable: true })
  reasoningTokens!: number | null;

  @Column('boolean', { name: 'usage_estimated', nullable: true })
  usageEstimated!: boolean | null;

  /** In millionths of the currency of the prices; null without a price. */
  @Column('bigint', { name: 'cost_micros', nullable: true })
  costMicros!: string | null;

  /** From the request's arrival to the start of the work; the other times count from the arrival as well. */
  @Column('integer', { name: 'queue_ms', nullable: true })
  queueMs!: number | null;

  /** How long the search took. */
  @Column('integer', { name: 'retrieval_ms', nullable: true })
  retrievalMs!: number | null;

  @Column('integer', { name: 'first_token_ms', nullable: true })
  firstTokenMs!: number | null;

  @Column('integer', { name: 'total_ms', nullable: true })
  totalMs!: number | null;

  @Column('jsonb', { default: {} })
  metadata!: Metadata;

  /** The process that generates it. */
  @Column('uuid')
  owner!: string;

  /** The owner's last sign of life. */
  @Column('timestamptz', { name: 'heartbeat_at', default: () => 'now()' })
  heartbeatAt!: Date;

  /** When somebody asked for its end. */
  @Column('timestamptz', { name: 'cancel_requested_at', nullable: true })
  cancelRequestedAt!: Date | null;

  /** How far the answer was told, where what is stored tells the same: see `extentOf`. */
  @Column('integer', { name: 'output_extent', nullable: true })
  outputExtent!: number | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
