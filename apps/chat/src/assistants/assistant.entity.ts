import { type HttpToolDeclaration, type Metadata, type RetrievalMode } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** Instructions, model and knowledge under one name; its id can be used as a model. Belongs to the whole tenant. */
@Entity({ name: 'assistants' })
export class AssistantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  name!: string;

  @Column('text', { nullable: true })
  instructions!: string | null;

  @Column('text', { nullable: true })
  model!: string | null;

  @Column('uuid', { name: 'knowledge_base_ids', array: true, default: [] })
  knowledgeBaseIds!: string[];

  /** Whether the knowledge bases are searched for every question, or when the model calls for it. */
  @Column('text', { name: 'retrieval_mode', default: 'always' })
  retrievalMode!: RetrievalMode;

  @Column('jsonb', { default: [] })
  tools!: HttpToolDeclaration[];

  @Column('double precision', { nullable: true })
  temperature!: number | null;

  @Column('integer', { name: 'max_output_tokens', nullable: true })
  maxOutputTokens!: number | null;

  @Column('jsonb', { default: {} })
  metadata!: Metadata;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
