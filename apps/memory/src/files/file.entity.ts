import { type FilePurpose } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

const bigint = { from: Number, to: (value: number) => value };

@Entity({ name: 'files' })
export class FileEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  filename!: string;

  @Column('text', { name: 'content_type' })
  contentType!: string;

  @Column('bigint', { transformer: bigint })
  bytes!: number;

  @Column('text')
  sha256!: string;

  @Column('text')
  purpose!: FilePurpose;

  @Column('text', { name: 'blob_key' })
  blobKey!: string;

  /** Of a web page, whose content is fetched from there. */
  @Column('text', { name: 'source_url', nullable: true })
  sourceUrl!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}
