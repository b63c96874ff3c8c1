import { Controller } from '@nestjs/common';
import {
  GetStreamingStatistics,
  type GetStreamingStatisticsRequest,
  GetUsageStatistics,
  type GetUsageStatisticsRequest,
  type StreamingStatistics,
  type UsageRow,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { StatisticsService } from './statistics.service.js';

@Controller()
export class StatisticsConsumer {
  constructor(private readonly statistics: StatisticsService) {}

  @HandleRpc(GetStreamingStatistics)
  streaming({ windowSeconds }: GetStreamingStatisticsRequest): Promise<StreamingStatistics> {
    return this.statistics.streaming(windowSeconds);
  }

  @HandleRpc(GetUsageStatistics)
  usage(request: GetUsageStatisticsRequest, { tenant }: MessageContext): Promise<UsageRow[]> {
    return this.statistics.usage(tenant, request);
  }
}
