import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Public, RequireScopes } from '../identity/require-scopes.decorator.js';
import { StatisticsService } from '../statistics/statistics.service.js';
import { DetailedStatusObject, providerObject, StatusObject, usedToday, type UsedTodayObject } from './status.view.js';
import { SuiteStatusService } from './suite-status.service.js';
import { systemReport } from './system-report.js';

const USAGE_TIMEOUT_MS = 2_000;

/** For people and load balancers. Not for liveness or readiness of one process, which are questions of their own. */
@ApiTags('Health')
@Controller()
export class StatusController {
  constructor(
    private readonly suite: SuiteStatusService,
    private readonly statistics: StatisticsService,
  ) {}

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
  @ApiOperation({
    summary:
      'The same, with the providers of language models, their use today, and what the gateway uses of its machine',
  })
  @ApiOkResponse({ type: DetailedStatusObject })
  async detailed(@CurrentTenant() tenant: TenantContext): Promise<DetailedStatusObject> {
    const [{ providers, ...status }, usage] = await Promise.all([this.suite.current(), this.#usageToday(tenant)]);
    return { ...status, providers: providers.map(providerObject), usage_today: usage, system: systemReport() };
  }

  /** A status that is asked for because something is down must not fail for the same reason. */
  async #usageToday(tenant: TenantContext): Promise<UsedTodayObject | null> {
    const now = new Date();
    const from = `${now.toISOString().slice(0, 10)}T00:00:00.000Z`;
    const request = { from, to: now.toISOString(), groupBy: 'purpose' } as const;
    return this.statistics.usage(tenant, request, { timeoutMs: USAGE_TIMEOUT_MS }).then(usedToday, () => null);
  }
}
