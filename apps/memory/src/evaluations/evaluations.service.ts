import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type CreateEvaluationRequest,
  type DeletedReply,
  deserializeError,
  DomainError,
  type ErrorCode,
  type EvaluationComparison,
  type EvaluationLeg,
  type EvaluationRequest,
  type EvaluationView,
  type GetEvaluationRequest,
  type LegDifference,
  type LegSummary,
  type ListEvaluationResultsRequest,
  type ListEvaluationsRequest,
  type Page,
  type QuestionResult,
  serializeError,
  type TenantContext,
} from '@parley/contracts';
import { type EvaluationEntity } from './evaluation.entity.js';
import { EvaluationsRepository } from './evaluations.repository.js';

const DIFFERENCES = ['ndcg', 'recall', 'hit', 'reciprocalRank', 'p50Ms', 'p95Ms'] as const;

@Injectable()
export class EvaluationsService {
  constructor(private readonly evaluations: EvaluationsRepository) {}

  /** Accepted, not done: a runner asks the questions. */
  async create(tenant: TenantContext, request: CreateEvaluationRequest): Promise<EvaluationView> {
    refuseRepeatedIds(request);
    const evaluation = await this.evaluations.create(tenant, request, hashOf(request));
    if (!evaluation) throw new DomainError('conflict', 'An evaluation with this id exists already.');
    return viewOf(evaluation);
  }

  /** @throws DomainError `not_found` for the evaluation or the one to compare it with */
  async get(tenant: TenantContext, { baselineId, ...request }: GetEvaluationRequest): Promise<EvaluationView> {
    const evaluation = found(await this.evaluations.find(tenant, request));
    if (baselineId === undefined) return viewOf(evaluation);
    const baseline = await this.evaluations.find(tenant, { ...request, id: baselineId });
    if (!baseline) throw DomainError.notFound('evaluation', 'baseline_id');
    return { ...viewOf(evaluation), comparison: comparisonOf(evaluation, baseline) };
  }

  async list(tenant: TenantContext, request: ListEvaluationsRequest): Promise<Page<EvaluationView>> {
    const { data, hasMore } = await this.evaluations.list(tenant, request);
    return { data: data.map(viewOf), hasMore };
  }

  async results(tenant: TenantContext, request: ListEvaluationResultsRequest): Promise<Page<QuestionResult>> {
    return found(await this.evaluations.results(tenant, request));
  }

  async cancel(tenant: TenantContext, request: EvaluationRequest): Promise<EvaluationView> {
    return viewOf(found(await this.evaluations.cancel(tenant, request)));
  }

  async delete(tenant: TenantContext, request: EvaluationRequest): Promise<DeletedReply> {
    if (!(await this.evaluations.delete(tenant, request))) throw DomainError.notFound('evaluation');
    return { id: request.id, deleted: true };
  }
}

function found<T>(value: T | null): T {
  if (value === null) throw DomainError.notFound('evaluation');
  return value;
}

function refuseRepeatedIds({ questions }: CreateEvaluationRequest): void {
  const seen = new Set<string>();
  for (const [at, { id }] of questions.entries()) {
    if (seen.has(id)) {
      throw new DomainError('invalid_request', `questions.${at}.id is that of an earlier question.`, {
        param: `questions.${at}.id`,
      });
    }
    seen.add(id);
  }
}

/** Equal for evaluations that asked for the same, whatever their names and legs. */
function hashOf({ questions, k }: CreateEvaluationRequest): string {
  const asked = questions.map(({ id, question, expected, answer }) => ({ id, question, expected, answer }));
  return createHash('sha256')
    .update(JSON.stringify([k, asked]))
    .digest('hex');
}

function comparisonOf(evaluation: EvaluationEntity, baseline: EvaluationEntity): EvaluationComparison {
  const difference: EvaluationComparison['difference'] = {};
  for (const leg of evaluation.legs) {
    const [one, other] = [evaluation.summary?.[leg], baseline.summary?.[leg]];
    if (one && other) difference[leg] = differenceOf(one, other);
  }
  const isSameTask = evaluation.questionsHash === baseline.questionsHash;
  return { baselineId: baseline.id, isSameTask, difference };
}

function differenceOf(one: LegSummary, other: LegSummary): LegDifference {
  return Object.fromEntries(
    DIFFERENCES.map((measure) => [measure, one[measure] - other[measure]]),
  ) as unknown as LegDifference;
}

function viewOf(row: EvaluationEntity): EvaluationView {
  const { id, knowledgeBaseId, name, status, legs, k, questionCount, doneCount, summary } = row;
  const error = row.errorCode
    ? serializeError(deserializeError({ code: row.errorCode as ErrorCode, message: row.errorMessage ?? '' }))
    : null;
  return {
    ...{
      id,
      knowledgeBaseId,
      name,
      status,
      legs: legs as EvaluationLeg[],
      k,
      questionCount,
      doneCount,
      error,
      summary,
    },
    comparison: null,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}
