import { Controller } from '@nestjs/common';
import {
  CancelEvaluation,
  CreateEvaluation,
  type CreateEvaluationRequest,
  type DeletedReply,
  DeleteEvaluation,
  type EvaluationRequest,
  type EvaluationView,
  GetEvaluation,
  type GetEvaluationRequest,
  ListEvaluationResults,
  type ListEvaluationResultsRequest,
  ListEvaluations,
  type ListEvaluationsRequest,
  type Page,
  type QuestionResult,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { EvaluationsService } from './evaluations.service.js';

@Controller()
export class EvaluationsConsumer {
  constructor(private readonly service: EvaluationsService) {}

  @HandleRpc(CreateEvaluation)
  create(request: CreateEvaluationRequest, { tenant }: MessageContext): Promise<EvaluationView> {
    return this.service.create(tenant, request);
  }

  @HandleRpc(GetEvaluation)
  get(request: GetEvaluationRequest, { tenant }: MessageContext): Promise<EvaluationView> {
    return this.service.get(tenant, request);
  }

  @HandleRpc(ListEvaluations)
  list(request: ListEvaluationsRequest, { tenant }: MessageContext): Promise<Page<EvaluationView>> {
    return this.service.list(tenant, request);
  }

  @HandleRpc(ListEvaluationResults)
  results(request: ListEvaluationResultsRequest, { tenant }: MessageContext): Promise<Page<QuestionResult>> {
    return this.service.results(tenant, request);
  }

  @HandleRpc(CancelEvaluation)
  cancel(request: EvaluationRequest, { tenant }: MessageContext): Promise<EvaluationView> {
    return this.service.cancel(tenant, request);
  }

  @HandleRpc(DeleteEvaluation)
  delete(request: EvaluationRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.service.delete(tenant, request);
  }
}
