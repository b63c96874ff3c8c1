import { Controller, Get, Header, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { Public, RequireScopes } from '../identity/require-scopes.decorator.js';
import { StreamingQuery } from './statistics.request.js';
import { StatisticsService } from './statistics.service.js';
import {
  StreamingHealthObject,
  streamingHealth,
  StreamingObject,
  streamingObject,
  StreamingSummaryObject,
  streamingSummary,
} from './streaming.view.js';

/** How answers fare over all replicas: the figures are those of the database, not of this process. */
@ApiTags('Statistics')
@Controller('api/metrics')
export class StreamingController {
  constructor(private readonly statistics: StatisticsService) {}

  @Get('streaming')
  @RequireScopes('admin')
  @ApiOperation({ summary: 'Answers of the last minutes: counts, times, errors, tokens per second' })
  @ApiOkResponse({ type: StreamingObject })
  async detail(@Query() { window_seconds }: StreamingQuery): Promise<StreamingObject> {
    return streamingObject(await this.statistics.streaming(window_seconds));
  }

  @Get('streaming/summary')
  @RequireScopes('admin')
  @ApiOperation({ summary: 'Success rate, average time to the first token, number of errors' })
  @ApiOkResponse({ type: StreamingSummaryObject })
  async summary(@Query() { window_seconds }: StreamingQuery): Promise<StreamingSummaryObject> {
    return streamingSummary(await this.statistics.streaming(window_seconds));
  }

  @Get('health/streaming')
  @Public()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Whether answers fare well',
    description:
      'Of the last five minutes: `healthy` with at least 95 % successes and an average time to the first token of up to ' +
      '1,000 ms, `unhealthy` (503) with fewer than 90 % or more than 2,000 ms, `degraded` between.',
  })
  @ApiOkResponse({ type: StreamingHealthObject })
  @ApiServiceUnavailableResponse({ type: StreamingHealthObject })
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<StreamingHealthObject> {
    const health = streamingHealth(await this.statistics.recent());
    if (health.status === 'unhealthy') reply.status(503).header('retry-after', '30');
    return health;
  }
}
