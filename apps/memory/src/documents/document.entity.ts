import { type Attributes, type DocumentStatus, type IngestionErrorCode } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

const bigint = { from: Number, to: (value: number) => value };

/** A file in a knowledge base. What the worker finds out about it is written by the ledger of libs/knowledge. */
@Entity({ name: 'documents' })
export class DocumentEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'knowledge_base_id' })
  knowledgeBaseId!: string;

  @Column('uuid', { name: 'file_id' })
  fileId!: string;

  @Column('text')
  status!: DocumentStatus;

  @Column('text', { name: 'error_code', nullable: true })
  errorCode!: IngestionErrorCode | null;

  @Column('text', { name: 'error_message', nullable: true })
  errorMessage!: string | null;

  @Column('smallint', { name: 'progress_percent' })
  progressPercent!: number;

  @Column('jsonb')
  attributes!: Attributes;

  @Column('jsonb', { nullable: true })
  chunking!: { maxChunkSizeTokens: number; chunkOverlapTokens: number } | null;

  @Column('int', { name: 'latest_version' })
  latestVersion!: number;

  @Column('int', { name: 'active_version', nullable: true })
  activeVersion!: number | null;

  @Column('int', { name: 'chunk_count' })
  chunkCount!: number;

  @Column('bigint', { name: 'usage_bytes', transformer: bigint })
  usageBytes!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
