import { type Metadata } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

@Entity({ name: 'knowledge_bases' })
export class KnowledgeBaseEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  name!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  @Column('jsonb')
  metadata!: Metadata;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  @Column({ name: 'last_active_at', type: 'timestamptz', insert: false })
  lastActiveAt!: Date;

  @Column('integer', { name: 'expires_after_days', nullable: true })
  expiresAfterDays!: number | null;
}
