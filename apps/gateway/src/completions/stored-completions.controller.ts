import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiPropertyOptional, ApiQuery, ApiTags } from '@nestjs/swagger';
import { formatId, type Metadata, TenantContext } from '@parley/contracts';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { type FastifyRequest } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { IsMetadata } from '../wire/metadata.validation.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { StoredCompletionMessage, StoredCompletionObject, storedCompletionObject } from './stored-completion.view.js';
import { StoredCompletionsService } from './stored-completions.service.js';

class AscendingQuery extends PageQuery {
  @IsIn(['asc', 'desc'])
  override order: 'asc' | 'desc' = 'asc';
}

class StoredCompletionsQuery extends AscendingQuery {
  @ApiPropertyOptional({ description: 'The model that really answered' })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  model?: string;
}

class UpdateCompletionBody {
  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;
}

const CompletionId = () => Param('completion_id', new PublicIdPipe('completion'));

/** Completions that were created with `store: true`. */
@ApiTags('Chat')
@Controller('v1/chat/completions')
export class StoredCompletionsController {
  constructor(private readonly completions: StoredCompletionsService) {}

  @Get()
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'List stored chat completions' })
  @ApiQuery({ name: 'metadata', required: false, style: 'deepObject', explode: true, type: 'object' })
  @ApiListResponse(StoredCompletionObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @Query() { model, ...page }: StoredCompletionsQuery,
    @Req() request: FastifyRequest,
  ): Promise<ListObject<StoredCompletionObject>> {
    const fields = pageFields(page, 'completion');
    const metadata = metadataOf(request.query as Record<string, unknown>);
    return listObject(await this.completions.list(tenant, { ...fields, model, metadata }), storedCompletionObject);
  }

  @Get(':completion_id')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'Get a stored chat completion' })
  @ApiOkResponse({ type: StoredCompletionObject })
  async get(@CurrentTenant() tenant: TenantContext, @CompletionId() id: string): Promise<StoredCompletionObject> {
    return storedCompletionObject(await this.completions.get(tenant, id));
  }

  @Post(':completion_id')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Replace the metadata of a stored chat completion' })
  @ApiOkResponse({ type: StoredCompletionObject })
  async update(
    @CurrentTenant() tenant: TenantContext,
    @CompletionId() id: string,
    @Body() { metadata }: UpdateCompletionBody,
  ): Promise<StoredCompletionObject> {
    return storedCompletionObject(await this.completions.setMetadata(tenant, id, metadata ?? {}));
  }

  @Delete(':completion_id')
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Delete a stored chat completion',
    description: 'With what it added to its conversation where nothing else follows that.',
  })
  @ApiOkResponse({ type: DeletedObject })
  async delete(@CurrentTenant() tenant: TenantContext, @CompletionId() id: string): Promise<DeletedObject> {
    await this.completions.delete(tenant, id);
    return deletedObject('chat.completion.deleted', formatId('completion', id));
  }

  @Get(':completion_id/messages')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'List the messages that a stored chat completion answers' })
  @ApiListResponse(StoredCompletionMessage)
  async messages(
    @CurrentTenant() tenant: TenantContext,
    @CompletionId() id: string,
    @Query() query: AscendingQuery,
  ): Promise<ListObject<StoredCompletionMessage>> {
    return listObject(await this.completions.messages(tenant, id, pageFields(query, 'message')), (message) => message);
  }
}

/** `metadata[team]=a` */
function metadataOf(query: Record<string, unknown>): Metadata | undefined {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    const key = /^metadata\[(.{1,64})\]$/.exec(name)?.[1];
    return key === undefined ? [] : [[key, String(value)] as const];
  });
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined;
}
