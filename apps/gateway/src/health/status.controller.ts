import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { Public, RequireScopes } from '../identity/require-scopes.decorator.js';
import { DetailedStatusObject, providerObject, StatusObject } from './status.view.js';
import { SuiteStatusService } from './suite-status.service.js';
import { systemReport } from './system-report.js';

/** For people and load balancers. Not for liveness or readiness of one process, which are questions of their own. */
@ApiTags('Health')
@Controller()
export class StatusController {
  constructor(private readonly suite: SuiteStatusService) {}

  @Get(['health', 'api/health', 'api/status/health'])
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether the suite can serve' })
  @ApiOkResponse({ type: StatusObject })
  @ApiServiceUnavailableResponse({ type: StatusObject })
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<StatusObject> {
    const { providers: _, ...status } = await this.suite.current();
    if (status.status === 'unhealthy') reply.status(503).header('retry-after', '2');
    return status;
  }

  @Get('api/status/detailed')
  @RequireScopes('admin')
  @ApiOperation({ summary: 'The same, with the providers of language models and what the gateway uses of its machine' })
  @ApiOkResponse({ type: DetailedStatusObject })
  async detailed(): Promise<DetailedStatusObject> {
    const { providers, ...status } = await this.suite.current();
    return { ...status, providers: providers.map(providerObject), system: systemReport() };
  }
}
