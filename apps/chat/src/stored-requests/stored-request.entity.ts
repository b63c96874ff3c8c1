import { type RequestKind } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What a client asked to be kept of its request besides the messages. */
@Entity({ name: 'stored_requests' })
export class StoredRequestEntity {
  /** The run's. */
  @PrimaryColumn('uuid', { name: 'run_id' })
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('uuid', { name: 'conversation_id' })
  conversationId!: string;

  @Column('text')
  kind!: RequestKind;

  /** The model that answers. */
  @Column('text')
  model!: string;

  @Column('jsonb')
  request!: Record<string, unknown>;

  /** The messages that it added. */
  @Column('uuid', { name: 'added_ids', array: true })
  addedIds!: string[];

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
