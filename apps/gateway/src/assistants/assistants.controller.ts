import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { CreateAssistantBody, UpdateAssistantBody } from './assistant.request.js';
import { AssistantObject, assistantObject } from './assistant.view.js';
import { AssistantsService } from './assistants.service.js';

const AssistantId = () => Param('assistant_id', new PublicIdPipe('assistant'));

@ApiTags('Assistants')
@Controller('api/v1/assistants')
export class AssistantsController {
  constructor(private readonly assistants: AssistantsService) {}

  @Post()
  @Idempotent()
  @RequireScopes('assistants:write')
  @ApiOperation({ summary: 'Create an assistant', description: 'Its id can be used as the model of a completion.' })
  @ApiCreatedResponse({ type: AssistantObject })
  async create(@CurrentTenant() tenant: TenantContext, @Body() body: CreateAssistantBody): Promise<AssistantObject> {
    return assistantObject(await this.assistants.create(tenant, body));
  }

  @Get()
  @RequireScopes('assistants:read')
  @ApiOperation({ summary: 'List assistants' })
  @ApiListResponse(AssistantObject)
  async list(@CurrentTenant() tenant: TenantContext, @Query() query: PageQuery): Promise<ListObject<AssistantObject>> {
    return listObject(await this.assistants.list(tenant, pageFields(query, 'assistant')), assistantObject);
  }

  @Get(':assistant_id')
  @RequireScopes('assistants:read')
  @ApiOperation({ summary: 'Get an assistant' })
  @ApiOkResponse({ type: AssistantObject })
  async get(@CurrentTenant() tenant: TenantContext, @AssistantId() id: string): Promise<AssistantObject> {
    return assistantObject(await this.assistants.get(tenant, id));
  }

  @Patch(':assistant_id')
  @RequireScopes('assistants:write')
  @ApiOperation({ summary: 'Update an assistant', description: 'What is absent stays as it is; null clears.' })
  @ApiOkResponse({ type: AssistantObject })
  async update(
    @CurrentTenant() tenant: TenantContext,
    @AssistantId() id: string,
    @Body() body: UpdateAssistantBody,
  ): Promise<AssistantObject> {
    return assistantObject(await this.assistants.update(tenant, id, body));
  }

  @Post(':assistant_id')
  @HttpCode(200)
  @RequireScopes('assistants:write')
  @ApiOperation({ summary: 'Update an assistant, as OpenAI’s routes do', description: 'The same as PATCH.' })
  @ApiOkResponse({ type: AssistantObject })
  modify(
    @CurrentTenant() tenant: TenantContext,
    @AssistantId() id: string,
    @Body() body: UpdateAssistantBody,
  ): Promise<AssistantObject> {
    return this.update(tenant, id, body);
  }

  @Delete(':assistant_id')
  @RequireScopes('assistants:write')
  @ApiOperation({ summary: 'Delete an assistant' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(@CurrentTenant() tenant: TenantContext, @AssistantId() id: string): Promise<DeletedObject> {
    await this.assistants.delete(tenant, id);
    return deletedObject('assistant.deleted', formatId('assistant', id));
  }
}
