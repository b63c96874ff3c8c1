import { Controller, Get, Header, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { Readiness } from '@parley/observability';
import { type FastifyReply } from 'fastify';
import { Public } from '../identity/require-scopes.decorator.js';

/** For Kubernetes: live restarts this process, ready decides whether it gets requests. */
@ApiTags('Health')
@Controller('health')
@Public()
export class ProbesController {
  constructor(private readonly readiness: Readiness) {}

  /** Answering at all is the proof: only a blocked event loop fails it. */
  @Get('live')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether this process runs' })
  @ApiOkResponse({ schema: { type: 'object', properties: { status: { type: 'string', enum: ['ok'] } } } })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether this process can take requests: it reaches the broker and its database' })
  @ApiOkResponse({ description: 'Ready' })
  @ApiServiceUnavailableResponse({ description: 'Not ready, with the state of each part' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    try {
      return await this.readiness.check();
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      reply.status(503).header('retry-after', '2');
      return error.getResponse();
    }
  }
}
