import { type ChatRole, type FileCitation } from '@parley/contracts';
import { type ToolCall } from '@parley/llm';
import { type OutlinePiece } from '../runs/run-log.js';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What was said in a conversation. An answer under way is here with the text that was saved so far. */
@Entity({ name: 'messages' })
export class MessageEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('uuid', { name: 'conversation_id' })
  conversationId!: string;

  /** The message that it follows; null for the first. Several may follow the same. */
  @Column('uuid', { name: 'parent_id', nullable: true })
  parentId!: string | null;

  @Column('text')
  role!: ChatRole;

  @Column('text')
  content!: string;

  @Column('jsonb', { default: [] })
  annotations!: FileCitation[];

  @Column('jsonb', { name: 'tool_calls', nullable: true })
  toolCalls!: ToolCall[] | null;

  @Column('text', { name: 'tool_call_id', nullable: true })
  toolCallId!: string | null;

  /** In which order it was told; null where that is the text and then the calls: see `RunLog.outline`. */
  @Column('jsonb', { nullable: true })
  outline!: OutlinePiece[] | null;

  /** The run that wrote it; null for what the client sent. */
  @Column('uuid', { name: 'run_id', nullable: true })
  runId!: string | null;

  /** Of all that was said up to it, itself included; null where that is not known. */
  @Column('bytea', { name: 'history_hash', nullable: true })
  historyHash!: Buffer | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
