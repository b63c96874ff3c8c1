import { type Attributes, type DocumentStatus, type IngestionErrorCode } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

const bigint = { from: Number, to: (value: number) => value };

/**
 * A file in a knowledge base, as the view shows it: one whose content is there already is as far as the document that it
 * duplicates. Written are the tables behind it, by the placement and by the ledger of libs/knowledge.
 */
@Entity({ name: 'document_states' })
export class DocumentEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'knowledge_base_id' })
  knowledgeBaseId!: string;

  @Column('uuid', { name: 'file_id' })
  fileId!: string;

  /** The document whose chunks are the content of this one too. */
  @Column('uuid', { name: 'duplicate_of', nullable: true })
  duplicateOf!: string | null;

  /** The document that has the chunks: itself, unless it duplicates another. */
  @Column('uuid', { name: 'content_id' })
  contentId!: string;

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
