import { Injectable } from '@nestjs/common';
import {
  CancelEvaluation,
  CreateEvaluation,
  DeleteEvaluation,
  DomainError,
  type EvaluationRequest,
  type EvaluationView,
  GetEvaluation,
  ListEvaluationResults,
  ListEvaluations,
  type Page,
  parseId,
  type QuestionResult,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { newId } from '../idempotency/idempotency-scope.js';
import { type PageFields } from '../wire/page.query.js';
import {
  type CreateEvaluationBody,
  createEvaluationRequest,
  type EvaluationResultsQuery,
} from './evaluation.request.js';

@Injectable()
export class EvaluationsService {
  constructor(private readonly bus: MessageBus) {}

  create(tenant: TenantContext, knowledgeBaseId: string, body: CreateEvaluationBody): Promise<EvaluationView> {
    return this.bus.request(CreateEvaluation, createEvaluationRequest(newId(), knowledgeBaseId, body), tenant);
  }

  get(tenant: TenantContext, request: EvaluationRequest, baseline: string | undefined): Promise<EvaluationView> {
    if (baseline === undefined) return this.bus.request(GetEvaluation, request, tenant);
    const baselineId = parseId('evaluation', baseline);
    if (baselineId === null) throw DomainError.notFound('evaluation', 'baseline_id');
    return this.bus.request(GetEvaluation, { ...request, baselineId }, tenant);
  }

  list(tenant: TenantContext, knowledgeBaseId: string, page: PageFields): Promise<Page<EvaluationView>> {
    return this.bus.request(ListEvaluations, { ...page, knowledgeBaseId }, tenant);
  }

  results(
    tenant: TenantContext,
    request: EvaluationRequest,
    { limit, after }: EvaluationResultsQuery,
  ): Promise<Page<QuestionResult>> {
    const page = { limit, ...(after ? { after } : {}) };
    return this.bus.request(ListEvaluationResults, { ...request, ...page }, tenant);
  }

  cancel(tenant: TenantContext, request: EvaluationRequest): Promise<EvaluationView> {
    return this.bus.request(CancelEvaluation, request, tenant);
  }

  async delete(tenant: TenantContext, request: EvaluationRequest): Promise<void> {
    await this.bus.request(DeleteEvaluation, request, tenant);
  }
}
