import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What lists of pages are made by; the rest of a page is read together with its document and its file. */
@Entity({ name: 'web_pages' })
export class WebPageEntity {
  /** That of its file. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'knowledge_base_id' })
  knowledgeBaseId!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
