import { Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { resumePosition, streamRest } from './resume.js';
import { RunClient } from './run.client.js';
import { RunObject, runObject } from './run.view.js';

const RunId = () => Param('run_id', new PublicIdPipe('run'));

@ApiTags('Runs')
@Controller('api/v1/runs/:run_id')
export class RunsController {
  constructor(private readonly runs: RunClient) {}

  @Get()
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'Get a run', description: 'Its state, what is stored of its answer, usage and timings.' })
  @ApiOkResponse({ type: RunObject })
  async get(@CurrentTenant() tenant: TenantContext, @RunId() id: string): Promise<RunObject> {
    return runObject(await this.runs.get(tenant, id));
  }

  @Get('events')
  @RequireScopes('chat:read')
  @ApiOperation({
    summary: 'Hear the rest of an answer',
    description:
      'Live or ended, from any gateway: the chunks of a chat completion behind `Last-Event-ID` or `starting_after`.',
  })
  @ApiQuery({ name: 'starting_after', required: false, description: 'Id of the last event that was received' })
  @ApiProduces('text/event-stream')
  @ApiNoContentResponse({ description: 'The answer has ended and there is nothing behind that event' })
  async events(
    @CurrentTenant() tenant: TenantContext,
    @RunId() runId: string,
    @Query('starting_after') startingAfter: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await streamRest(this.runs, tenant, { runId, after: resumePosition(request, startingAfter), reply });
  }

  @Post('cancel')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Stop a run', description: 'Keeps what it has written. One that has ended stays as it is.' })
  @ApiOkResponse({ type: RunObject })
  async cancel(@CurrentTenant() tenant: TenantContext, @RunId() id: string): Promise<RunObject> {
    return runObject(await this.runs.cancel(tenant, id));
  }
}
