import { Controller } from '@nestjs/common';
import {
  GetStreamingStatistics,
  type GetStreamingStatisticsRequest,
  GetUsageStatistics,
  type GetUsageStatisticsRequest,
  GetVariantStatistics,
  type GetVariantStatisticsRequest,
  type StreamingStatistics,
  type UsageRow,
  type VariantStatistics,
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

  @HandleRpc(GetVariantStatistics)
  variants({ samples }: GetVariantStatisticsRequest): Promise<VariantStatistics[]> {
    return this.statistics.variants(samples);
  }

  @HandleRpc(GetUsageStatistics)
  usage(request: GetUsageStatisticsRequest, { tenant }: MessageContext): Promise<UsageRow[]> {
    return this.statistics.usage(tenant, request);
  }
}
