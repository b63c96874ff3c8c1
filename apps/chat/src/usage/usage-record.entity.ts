import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What a model was asked for beside a run. */
export type UsagePurpose = 'title' | 'summary' | 'speech';

/** One question to a model that is no run, and what it cost; it holds no text. */
@Entity({ name: 'usage_records' })
export class UsageRecordEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  purpose!: UsagePurpose;

  @Column('text')
  provider!: string;

  @Column('text')
  model!: string;

  /** Null of a speech. */
  @Column('integer', { name: 'prompt_tokens', nullable: true })
  promptTokens!: number | null;

  @Column('integer', { name: 'completion_tokens', nullable: true })
  completionTokens!: number | null;

  @Column('integer', { name: 'cached_tokens', nullable: true })
  cachedTokens!: number | null;

  @Column('integer', { name: 'reasoning_tokens', nullable: true })
  reasoningTokens!: number | null;

  /** The provider did not say: counted here. */
  @Column('boolean', { name: 'usage_estimated' })
  usageEstimated!: boolean;

  /** Of a text that was read aloud; null of all others. */
  @Column('integer', { nullable: true })
  characters!: number | null;

  /** In millionths of the currency of the prices; null when the model has none. */
  @Column('bigint', { name: 'cost_micros', nullable: true })
  costMicros!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
