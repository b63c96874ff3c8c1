import { type EvaluationLeg, type EvaluationStatus, type EvaluationView } from '@parley/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Questions asked of a knowledge base in the background. Lease and attempts are written by claims alone. */
@Entity({ name: 'evaluations' })
export class EvaluationEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'knowledge_base_id' })
  knowledgeBaseId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  status!: EvaluationStatus;

  @Column('text', { array: true })
  legs!: EvaluationLeg[];

  @Column('int')
  k!: number;

  @Column('int', { name: 'question_count' })
  questionCount!: number;

  @Column('int', { name: 'done_count' })
  doneCount!: number;

  @Column('text', { name: 'questions_hash' })
  questionsHash!: string;

  @Column('jsonb', { nullable: true })
  summary!: EvaluationView['summary'];

  @Column('text', { name: 'error_code', nullable: true })
  errorCode!: string | null;

  @Column('text', { name: 'error_message', nullable: true })
  errorMessage!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
