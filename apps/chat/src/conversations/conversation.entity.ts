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

  @Column('jsonb', { default: {} })
  metadata!: Metadata;

  /** Of the answered history: what a client sends back finds the conversation by it. */
  @Column('bytea', { name: 'history_hash', nullable: true })
  historyHash!: Buffer | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
