import { Injectable } from '@nestjs/common';
import {
  type CreateEvaluationRequest,
  DomainError,
  type EvaluationRequest,
  type ListEvaluationResultsRequest,
  type ListEvaluationsRequest,
  type Page,
  type QuestionResult,
  type TenantContext,
} from '@parley/contracts';
import { Database, keysetPage, storableJson, storableText } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { noKnowledgeBase } from '../documents/holds.repository.js';
import { assertNotExpired } from '../knowledge-bases/expiry.repository.js';
import { KnowledgeBaseEntity } from '../knowledge-bases/knowledge-base.entity.js';
import { EvaluationEntity } from './evaluation.entity.js';

/** Of one knowledge base at a time. */
const MAX_UNFINISHED = 20;

@Injectable()
export class EvaluationsRepository {
  constructor(private readonly database: Database) {}

  /**
   * The row as it is afterwards: of a repeated call, the first one's. Null when the id belongs to somebody else.
   * @throws DomainError `not_found` for the knowledge base or an expected file that is not in it; `knowledge_base_expired`;
   * `conflict` when too many are unfinished
   */
  create(
    tenant: TenantContext,
    request: CreateEvaluationRequest,
    questionsHash: string,
  ): Promise<EvaluationEntity | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      await keepKnowledgeBase(tx, tenantId, request.knowledgeBaseId);
      const where = { id: request.id, tenantId, knowledgeBaseId: request.knowledgeBaseId };
      const known = await tx.findOneBy(EvaluationEntity, where);
      if (known) return known;
      await refuseTooMany(tx, tenantId, request.knowledgeBaseId);
      await refuseUnknownFiles(tx, tenantId, request);
      const { id, knowledgeBaseId, name, legs, k, questions } = request;
      // Whichever of the two unique keys meets the other call first: a named one would leave the other to fail.
      const inserted: unknown[] = await tx.query(
        `insert into memory.evaluations (id, tenant_id, knowledge_base_id, name, legs, k, question_count, questions_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id`,
        [id, tenantId, knowledgeBaseId, storableText(name), legs, k, questions.length, questionsHash],
      );
      if (inserted.length > 0) await insertQuestions(tx, tenantId, request);
      return tx.findOneBy(EvaluationEntity, where);
    });
  }

  find(tenant: TenantContext, { id, knowledgeBaseId }: EvaluationRequest): Promise<EvaluationEntity | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, (tx) => tx.findOneBy(EvaluationEntity, { id, tenantId, knowledgeBaseId }));
  }

  /** @throws DomainError `not_found` for the knowledge base */
  list(tenant: TenantContext, { knowledgeBaseId, ...page }: ListEvaluationsRequest): Promise<Page<EvaluationEntity>> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      if (!(await tx.existsBy(KnowledgeBaseEntity, { tenantId, id: knowledgeBaseId }))) throw noKnowledgeBase();
      const query = tx
        .createQueryBuilder(EvaluationEntity, 'evaluation')
        .where('evaluation.tenantId = :tenantId and evaluation.knowledgeBaseId = :knowledgeBaseId', {
          tenantId,
          knowledgeBaseId,
        });
      return keysetPage(query, page);
    });
  }

  /** Null when there is no such evaluation. @throws DomainError `invalid_request` for a cursor that is no question of it */
  results(
    tenant: TenantContext,
    { id, knowledgeBaseId, limit, after }: ListEvaluationResultsRequest,
  ): Promise<Page<QuestionResult> | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      if (!(await tx.existsBy(EvaluationEntity, { id, tenantId, knowledgeBaseId }))) return null;
      const from = after === undefined ? -1 : await ordinalOf(tx, tenantId, id, after);
      const rows: QuestionResult[] = await tx.query(
        `select question_id as id, question, expected, answer, results as legs from memory.evaluation_questions
         where tenant_id = $1 and evaluation_id = $2 and ordinal > $3 order by ordinal limit $4`,
        [tenantId, id, from, limit + 1],
      );
      return { data: rows.slice(0, limit), hasMore: rows.length > limit };
    });
  }

  /** What is under way is over: whoever works on it finds out with its next write. Null when there is none. */
  cancel(tenant: TenantContext, { id, knowledgeBaseId }: EvaluationRequest): Promise<EvaluationEntity | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      await tx.query(
        `update memory.evaluations set status = 'cancelled', lease_token = null, lease_until = null, finished_at = now()
         where tenant_id = $1 and id = $2 and knowledge_base_id = $3 and status in ('queued', 'running')`,
        [tenantId, id, knowledgeBaseId],
      );
      return tx.findOneBy(EvaluationEntity, { id, tenantId, knowledgeBaseId });
    });
  }

  async delete(tenant: TenantContext, { id, knowledgeBaseId }: EvaluationRequest): Promise<boolean> {
    const { tenantId } = tenant;
    const { affected } = await this.database.withTenant(tenant, (tx) =>
      tx.delete(EvaluationEntity, { id, tenantId, knowledgeBaseId }),
    );
    return affected === 1;
  }
}

/** Keeps it from being deleted meanwhile; documents may come and go. @throws DomainError `not_found`, `knowledge_base_expired` */
async function keepKnowledgeBase(tx: EntityManager, tenantId: string, id: string): Promise<void> {
  const base = await tx.findOne(KnowledgeBaseEntity, { where: { tenantId, id }, lock: { mode: 'for_key_share' } });
  if (!base) throw noKnowledgeBase();
  await assertNotExpired(tx, tenantId, id);
}

async function refuseTooMany(tx: EntityManager, tenantId: string, knowledgeBaseId: string): Promise<void> {
  const [row] = await tx.query<{ count: number }[]>(
    `select count(*)::int as count from memory.evaluations
     where tenant_id = $1 and knowledge_base_id = $2 and status in ('queued', 'running')`,
    [tenantId, knowledgeBaseId],
  );
  if (row!.count < MAX_UNFINISHED) return;
  throw new DomainError('conflict', `${MAX_UNFINISHED} evaluations of this vector store are not finished yet.`);
}

async function refuseUnknownFiles(
  tx: EntityManager,
  tenantId: string,
  { knowledgeBaseId, questions }: CreateEvaluationRequest,
): Promise<void> {
  const expected = questions.flatMap((question) => question.expected.map(({ fileId }) => fileId));
  const rows: { file_id: string }[] = await tx.query(
    'select file_id from memory.documents where tenant_id = $1 and knowledge_base_id = $2 and file_id = any($3)',
    [tenantId, knowledgeBaseId, [...new Set(expected)]],
  );
  const known = new Set(rows.map((row) => row.file_id));
  for (const [at, question] of questions.entries()) {
    const missing = question.expected.findIndex(({ fileId }) => !known.has(fileId));
    if (missing < 0) continue;
    throw DomainError.notFound('file in this vector store', `questions.${at}.expected.${missing}.file_id`);
  }
}

async function insertQuestions(
  tx: EntityManager,
  tenantId: string,
  { id, questions }: CreateEvaluationRequest,
): Promise<void> {
  await tx.query(
    `insert into memory.evaluation_questions (tenant_id, evaluation_id, ordinal, question_id, question, expected, answer)
     select $1, $2, q.ordinal - 1, q.question_id, q.question, q.expected, q.answer
     from unnest($3::text[], $4::text[], $5::jsonb[], $6::text[]) with ordinality
       as q(question_id, question, expected, answer, ordinal)`,
    [
      tenantId,
      id,
      questions.map((question) => storableText(question.id)),
      questions.map(({ question }) => storableText(question)),
      questions.map(({ expected }) => storableJson(expected)),
      questions.map(({ answer }) => (answer === undefined ? null : storableText(answer))),
    ],
  );
}

async function ordinalOf(tx: EntityManager, tenantId: string, id: string, questionId: string): Promise<number> {
  const [row] = await tx.query<{ ordinal: number }[]>(
    'select ordinal from memory.evaluation_questions where tenant_id = $1 and evaluation_id = $2 and question_id = $3',
    [tenantId, id, questionId],
  );
  if (!row) throw new DomainError('invalid_request', 'after is not an id of this list.', { param: 'after' });
  return row.ordinal;
}
