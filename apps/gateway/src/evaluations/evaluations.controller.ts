import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { CreateEvaluationBody, EvaluationResultsQuery, GetEvaluationQuery } from './evaluation.request.js';
import { EvaluationResultObject, evaluationResultObject } from './evaluation-result.view.js';
import { EvaluationObject, evaluationObject } from './evaluation.view.js';
import { EvaluationsService } from './evaluations.service.js';

const KnowledgeBaseId = () => Param('knowledge_base_id', new PublicIdPipe('knowledgeBase'));
const EvaluationId = () => Param('evaluation_id', new PublicIdPipe('evaluation'));

@ApiTags('Evaluations')
@Controller('api/v1/knowledge-bases/:knowledge_base_id/evaluations')
export class EvaluationsController {
  constructor(private readonly evaluations: EvaluationsService) {}

  @Post()
  @Idempotent()
  @HttpCode(202)
  @RequireScopes('knowledge:write')
  @ApiOperation({
    summary: 'Evaluate the search with questions of your own',
    description: 'Accepts the questions; they are asked in the background, and the evaluation says how far that is.',
  })
  @ApiAcceptedResponse({ type: EvaluationObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() knowledgeBaseId: string,
    @Body() body: CreateEvaluationBody,
  ): Promise<EvaluationObject> {
    return evaluationObject(await this.evaluations.create(tenant, knowledgeBaseId, body));
  }

  @Get()
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'List evaluations' })
  @ApiListResponse(EvaluationObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() knowledgeBaseId: string,
    @Query() query: PageQuery,
  ): Promise<ListObject<EvaluationObject>> {
    const page = await this.evaluations.list(tenant, knowledgeBaseId, pageFields(query, 'evaluation'));
    return listObject(page, evaluationObject);
  }

  @Get(':evaluation_id')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'Get an evaluation, and how it differs from another one' })
  @ApiOkResponse({ type: EvaluationObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() knowledgeBaseId: string,
    @EvaluationId() id: string,
    @Query() query: GetEvaluationQuery,
  ): Promise<EvaluationObject> {
    return evaluationObject(await this.evaluations.get(tenant, { knowledgeBaseId, id }, query.baseline_id));
  }

  @Get(':evaluation_id/results')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'List what each question found', description: 'In the order of the questions.' })
  @ApiListResponse(EvaluationResultObject)
  async results(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() knowledgeBaseId: string,
    @EvaluationId() id: string,
    @Query() query: EvaluationResultsQuery,
  ): Promise<ListObject<EvaluationResultObject>> {
    return listObject(await this.evaluations.results(tenant, { knowledgeBaseId, id }, query), evaluationResultObject);
  }

  @Post(':evaluation_id/cancel')
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Cancel an evaluation', description: 'What has ended stays as it is.' })
  @ApiOkResponse({ type: EvaluationObject })
  async cancel(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() knowledgeBaseId: string,
    @EvaluationId() id: string,
  ): Promise<EvaluationObject> {
    return evaluationObject(await this.evaluations.cancel(tenant, { knowledgeBaseId, id }));
  }

  @Delete(':evaluation_id')
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Delete an evaluation with its results' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() knowledgeBaseId: string,
    @EvaluationId() id: string,
  ): Promise<DeletedObject> {
    await this.evaluations.delete(tenant, { knowledgeBaseId, id });
    return deletedObject('evaluation.deleted', formatId('evaluation', id));
  }
}
