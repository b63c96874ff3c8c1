import { Injectable } from '@nestjs/common';
import {
  type EvaluationLeg,
  type EvaluationView,
  type LegResult,
  type SerializedError,
  TenantContext,
} from '@parley/contracts';
import { Database, storableJson, storableText } from '@parley/persistence';
import { v4 as uuidv4 } from 'uuid';
import { type Expectation } from './question-scores.js';

/** Questions are asked for a tenant, not for one of its users. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The right to work on an evaluation until it is lost to time, a cancellation or a deletion. */
export interface EvaluationLease {
  tenant: TenantContext;
  evaluationId: string;
  knowledgeBaseId: string;
  token: string;
  legs: EvaluationLeg[];
  k: number;
  /** Starts without an answered question, from 1. */
  attempt: number;
}

export type LegResults = Partial<Record<EvaluationLeg, LegResult>>;

export interface OpenQuestion {
  ordinal: number;
  question: string;
  expectation: Expectation;
}

export interface AnsweredQuestion {
  expectation: Expectation;
  results: LegResults;
}

interface ClaimRow {
  tenant_id: string;
  evaluation_id: string;
  knowledge_base_id: string;
  legs: EvaluationLeg[];
  k: number;
  attempt: number;
}

/** An evaluation as its runner writes it: every write checks that the lease is still held. */
@Injectable()
export class EvaluationRunsRepository {
  constructor(private readonly database: Database) {}

  /** An evaluation of any tenant that is due and has no runner; null when there is none. */
  claim(leaseMs: number): Promise<EvaluationLease | null> {
    const token = uuidv4();
    return this.database.withoutTenant(async (tx) => {
      const [row] = await tx.query<ClaimRow[]>('select * from memory.claim_evaluation($1, $2)', [token, leaseMs]);
      if (!row) return null;
      const tenant = TenantContext.of({ tenantId: row.tenant_id, userId: NOBODY, role: 'member' });
      const { evaluation_id: evaluationId, knowledge_base_id: knowledgeBaseId, legs, k, attempt } = row;
      return { tenant, evaluationId, knowledgeBaseId, token, legs, k, attempt };
    });
  }

  /**
   * The next questions that have not been asked, in order, each expected file under the one that a search shows its content
   * as: the same content is in a knowledge base once.
   */
  openQuestions({ tenant, evaluationId, knowledgeBaseId }: EvaluationLease, limit: number): Promise<OpenQuestion[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select q.ordinal, q.question, jsonb_build_object('expected', shown.expected, 'answer', q.answer) as expectation
         from memory.evaluation_questions q
         cross join lateral (
           select coalesce(jsonb_agg(f.expected || jsonb_build_object('fileId', coalesce(
             (select c.file_id from memory.document_states d join memory.documents c on c.tenant_id = $1 and c.id = d.content_id
              where d.tenant_id = $1 and d.knowledge_base_id = $4 and d.file_id = (f.expected ->> 'fileId')::uuid),
             (f.expected ->> 'fileId')::uuid)) order by f.position), '[]') as expected
           from jsonb_array_elements(q.expected) with ordinality as f(expected, position)
         ) shown
         where q.tenant_id = $1 and q.evaluation_id = $2 and q.results is null order by q.ordinal limit $3`,
        [tenant.tenantId, evaluationId, limit, knowledgeBaseId],
      ),
    );
  }

  /** Stores what a question found and renews the lease. @returns false when the lease is lost */
  async record(lease: EvaluationLease, ordinal: number, results: LegResults, leaseMs: number): Promise<boolean> {
    const { tenant, evaluationId, token } = lease;
    return this.database.withTenant(tenant, async (tx) => {
      const rows: unknown[] = await tx.query(
        `with evaluation as (
           update memory.evaluations
           set done_count = done_count + 1, attempt = 1, lease_until = clock_timestamp() + $6 * interval '1 millisecond'
           where tenant_id = $1 and id = $2 and lease_token = $3 and status = 'running'
           returning id
         ), question as (
           update memory.evaluation_questions q set results = $5
           from evaluation e where q.tenant_id = $1 and q.evaluation_id = e.id and q.ordinal = $4
         )
         select * from evaluation`,
        [tenant.tenantId, evaluationId, token, ordinal, storableJson(results), leaseMs],
      );
      return rows.length > 0;
    });
  }

  answeredQuestions({ tenant, evaluationId }: EvaluationLease): Promise<AnsweredQuestion[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx.query(
        `select jsonb_build_object('expected', expected, 'answer', answer) as expectation, results
         from memory.evaluation_questions
         where tenant_id = $1 and evaluation_id = $2 and results is not null order by ordinal`,
        [tenant.tenantId, evaluationId],
      ),
    );
  }

  complete(lease: EvaluationLease, summary: NonNullable<EvaluationView['summary']>): Promise<void> {
    return this.#end(lease, { status: 'completed', summary, error: null, pauseMs: null });
  }

  fail(lease: EvaluationLease, error: SerializedError): Promise<void> {
    return this.#end(lease, { status: 'failed', summary: null, error, pauseMs: null });
  }

  /** Free for the next runner after the pause; what was asked stays asked. */
  handBack(lease: EvaluationLease, pauseMs: number): Promise<void> {
    return this.#end(lease, { status: 'running', summary: null, error: null, pauseMs });
  }

  /** Nothing happens when the lease is lost. */
  async #end(
    { tenant, evaluationId, token }: EvaluationLease,
    ending: {
      status: 'running' | 'completed' | 'failed';
      summary: EvaluationView['summary'];
      error: SerializedError | null;
      pauseMs: number | null;
    },
  ): Promise<void> {
    const { status, summary, error, pauseMs } = ending;
    await this.database.withTenant(tenant, (tx) =>
      tx.query(
        `update memory.evaluations
         set status = $4, summary = $5, error_code = $6, error_message = $7, lease_token = null, lease_until = null,
           due_at = now() + coalesce($8, 0) * interval '1 millisecond',
           finished_at = case when $4 <> 'running' then clock_timestamp() end
         where tenant_id = $1 and id = $2 and lease_token = $3 and status = 'running'`,
        [
          ...[tenant.tenantId, evaluationId, token, status, summary && storableJson(summary)],
          ...[error?.code ?? null, error && storableText(error.message), pauseMs],
        ],
      ),
    );
  }
}
