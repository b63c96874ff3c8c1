import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { collectAnswer } from '../runs/answer.js';
import { clientGone } from '../runs/client-gone.js';
import { streamCompletion } from '../runs/completion-stream.js';
import { resumePosition, streamRest } from '../runs/resume.js';
import { RunClient } from '../runs/run.client.js';
import { RunObject, runObject } from '../runs/run.view.js';
import { CompletionBody } from './completion.request.js';
import { CompletionObject, completionObject } from './completion.view.js';
import { searchFaultAsSent } from './file-search-tool.js';
import { runRequest } from './run-request.js';

const CompletionId = () => Param('completion_id', new PublicIdPipe('completion'));

@ApiTags('Chat')
@Controller('v1/chat/completions')
export class CompletionsController {
  constructor(private readonly runs: RunClient) {}

  @Post()
  @Idempotent('run')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Create a chat completion',
    description: 'With `stream: true` the answer comes as server-sent events.',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ type: CompletionObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() body: CompletionBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    try {
      await this.#answer(tenant, body, reply);
    } catch (error) {
      throw searchFaultAsSent(error, body.tools);
    }
  }

  @Get(':completion_id/events')
  @RequireScopes('chat:read')
  @ApiOperation({
    summary: 'Hear the rest of a chat completion',
    description: 'Live or ended, from any gateway: the chunks behind `Last-Event-ID` or `starting_after`.',
  })
  @ApiQuery({ name: 'starting_after', required: false, description: 'Id of the last event that was received' })
  @ApiProduces('text/event-stream')
  @ApiNoContentResponse({ description: 'The answer has ended and there is nothing behind that event' })
  async events(
    @CurrentTenant() tenant: TenantContext,
    @CompletionId() runId: string,
    @Query('starting_after') startingAfter: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await streamRest(this.runs, tenant, { runId, after: resumePosition(request, startingAfter), reply });
  }

  @Post(':completion_id/cancel')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Stop a chat completion', description: 'Keeps what it has written.' })
  @ApiOkResponse({ type: RunObject })
  async cancel(@CurrentTenant() tenant: TenantContext, @CompletionId() id: string): Promise<RunObject> {
    return runObject(await this.runs.cancel(tenant, id));
  }

  async #answer(tenant: TenantContext, body: CompletionBody, reply: FastifyReply): Promise<void> {
    const run = await this.runs.start(tenant, runRequest(body), clientGone(reply.raw));
    if (body.stream) await streamCompletion(reply, run, { includeUsage: body.stream_options?.include_usage ?? false });
    else await reply.send(completionObject(run, await collectAnswer(run.events)));
  }
}
