import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { collectAnswer } from '../runs/answer.js';
import { clientGone } from '../runs/client-gone.js';
import { streamCompletion } from '../runs/completion-stream.js';
import { RunClient } from '../runs/run.client.js';
import { CompletionBody } from './completion.request.js';
import { CompletionObject, completionObject } from './completion.view.js';
import { searchFaultAsSent } from './file-search-tool.js';
import { runRequest } from './run-request.js';

@ApiTags('Chat')
@Controller('v1/chat/completions')
export class CompletionsController {
  constructor(private readonly runs: RunClient) {}

  @Post()
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

  async #answer(tenant: TenantContext, body: CompletionBody, reply: FastifyReply): Promise<void> {
    const run = await this.runs.start(tenant, runRequest(body), clientGone(reply.raw));
    if (body.stream) await streamCompletion(reply, run, { includeUsage: body.stream_options?.include_usage ?? false });
    else await reply.send(completionObject(run, await collectAnswer(run.events)));
  }
}
