import { type Metadata } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** Belongs to one user of a tenant. */
@Entity({ name: 'conversations' })
export class ConversationEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('uuid', { name: 'assistant_id', nullable: true })
  assistantId!: string | null;

  @Column('text', { nullable: true })
  title!: string | null;

  /** Null: there is no title. What the user chose stays. */
  @Column('text', { name: 'title_source', nullable: true })
  titleSource!: 'user' | 'message' | 'model' | null;

  @Column('jsonb', { default: {} })
  metadata!: Metadata;

  /** The last message of the branch that is gone on with; null while nothing was said. */
  @Column('uuid', { name: 'head_id', nullable: true })
  headId!: string | null;

  /** What was said up to a message, of the branch that was gone on with last, in short. */
  @Column('text', { nullable: true })
  summary!: string | null;

  @Column('uuid', { name: 'summary_message_id', nullable: true })
  summaryMessageId!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
