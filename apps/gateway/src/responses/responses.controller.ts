import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { formatId, type StartRunReply, TenantContext } from '@parley/contracts';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { searchFaultAsSent } from '../completions/file-search-tool.js';
import { ItemsQuery } from '../conversation-items/conversation-items.request.js';
import { ItemObject } from '../conversation-items/item.view.js';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { collectAnswer } from '../runs/answer.js';
import { clientGone } from '../runs/client-gone.js';
import { resumePosition } from '../runs/resume.js';
import { type Run } from '../runs/run.client.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { includesResults, responseRequest } from './response-request.js';
import { streamResponse } from './response-stream.js';
import { CreateResponseBody } from './response.request.js';
import { outputItems, ResponseObject, responseObject, storedResponse } from './response.view.js';
import { ResponsesService } from './responses.service.js';

const ResponseId = () => Param('response_id', new PublicIdPipe('response'));

@ApiTags('Responses')
@Controller('v1/responses')
export class ResponsesController {
  constructor(private readonly responses: ResponsesService) {}

  @Post()
  @Idempotent('run')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Create a response',
    description:
      'With `stream: true` it comes as named server-sent events, whose numbers are their ids; with `background: true` at once, to be asked for later.',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ type: ResponseObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() body: CreateResponseBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    try {
      if (body.background) await this.#begin(tenant, body, reply);
      else await this.#answer(tenant, await this.responses.start(tenant, body, clientGone(reply.raw)), body, reply);
    } catch (error) {
      throw searchFaultAsSent(error, body.tools);
    }
  }

  @Get(':response_id')
  @RequireScopes('chat:read')
  @ApiOperation({
    summary: 'Get a response',
    description: 'With `stream=true` its events, live or ended: those behind `starting_after` or `Last-Event-ID`.',
  })
  @ApiQuery({ name: 'stream', required: false, enum: ['true', 'false'] })
  @ApiQuery({ name: 'include', required: false, description: 'As when it was created, where `include` said so then' })
  @ApiQuery({ name: 'starting_after', required: false, description: 'Number of the last event that was received' })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ type: ResponseObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @ResponseId() id: string,
    @Query('stream') stream: string | undefined,
    @Query('starting_after') startingAfter: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const showsResults = includesResults(includedBy(request));
    if (stream !== 'true')
      return void (await reply.send(storedResponse(await this.responses.get(tenant, id), showsResults)));
    const isResumed = startingAfter !== undefined || request.headers['last-event-id'] !== undefined;
    const after = isResumed ? resumePosition(request, startingAfter) : -1;
    const { run, told } = await this.responses.hear(tenant, id, { after, showsResults }, clientGone(reply.raw));
    await streamResponse(reply, run, told);
  }

  @Post(':response_id/cancel')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Stop a response', description: 'Keeps what it has written.' })
  @ApiOkResponse({ type: ResponseObject })
  async cancel(@CurrentTenant() tenant: TenantContext, @ResponseId() id: string): Promise<ResponseObject> {
    return storedResponse(await this.responses.cancel(tenant, id));
  }

  @Delete(':response_id')
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Delete a response', description: 'With what it added where nothing else follows that.' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(@CurrentTenant() tenant: TenantContext, @ResponseId() id: string): Promise<DeletedObject> {
    await this.responses.delete(tenant, id);
    return deletedObject('response', formatId('response', id));
  }

  @Get(':response_id/input_items')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'List what a response follows' })
  @ApiListResponse(ItemObject)
  async inputItems(
    @CurrentTenant() tenant: TenantContext,
    @ResponseId() id: string,
    @Query() query: ItemsQuery,
  ): Promise<ListObject<ItemObject>> {
    return listObject(await this.responses.inputItems(tenant, id, query), (item) => item);
  }

  async #begin(tenant: TenantContext, body: CreateResponseBody, reply: FastifyReply): Promise<void> {
    const run = await this.responses.begin(tenant, body);
    if (!body.stream) return void (await reply.send(underWay(run, body)));
    const from = { after: -1, showsResults: includesResults(body.include) };
    const { run: heard, told } = await this.responses.hear(tenant, run.runId, from, clientGone(reply.raw));
    await streamResponse(reply, heard, told);
  }

  async #answer(tenant: TenantContext, run: Run, body: CreateResponseBody, reply: FastifyReply): Promise<void> {
    const request = responseRequest(body);
    const metadata = body.metadata ?? {};
    const showsResults = includesResults(body.include);
    if (body.stream) return streamResponse(reply, run, { request, metadata, showsResults, after: -1 });
    const { finishReason, usage, ...said } = await collectAnswer(run.events);
    if (run.conversationId !== null)
      return void (await reply.send(storedResponse(await this.responses.get(tenant, run.runId), showsResults)));
    const isCut = finishReason === 'length' || finishReason === 'content_filter';
    const output = outputItems(run, said, { ...request, showsResults, status: isCut ? 'incomplete' : 'completed' });
    const state = { run, request, metadata, output, usage, finishReason, error: null };
    const finishedAt = new Date().toISOString();
    await reply.send(responseObject({ ...state, status: isCut ? 'incomplete' : 'completed', finishedAt }));
  }
}

/** OpenAI's clients send lists with brackets behind their names. */
function includedBy({ query }: FastifyRequest): string[] {
  const { include = [], 'include[]': more = [] } = query as Record<string, string | string[] | undefined>;
  return [include, more].flat();
}

function underWay(run: StartRunReply, body: CreateResponseBody): ResponseObject {
  const nothingYet = { output: [], usage: null, finishReason: null, error: null, finishedAt: null };
  const state = { run, request: responseRequest(body), metadata: body.metadata ?? {} };
  return responseObject({ ...state, ...nothingYet, status: 'in_progress' });
}
