import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { register } from 'prom-client';
import { RequireScopes } from '../identity/require-scopes.decorator.js';

/** On the public port, so it needs an administrator; scrapers use METRICS_PORT. */
@ApiTags('Health')
@Controller()
@RequireScopes('admin')
export class MetricsController {
  @Get(['metrics', 'api/status/metrics'])
  @ApiOperation({ summary: 'Metrics in Prometheus text format' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  async metrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    reply.type(register.contentType);
    return register.metrics();
  }
}
