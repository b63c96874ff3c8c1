import { Injectable } from '@nestjs/common';
import {
  type GetUsageStatisticsRequest,
  type StreamingStatistics,
  type TenantContext,
  type UsageRow,
  type VariantSample,
  type VariantStatistics,
} from '@parley/contracts';
import { StatisticsRepository } from './statistics.repository.js';

/** What administrators are told of answers and their use. */
@Injectable()
export class StatisticsService {
  constructor(private readonly statistics: StatisticsRepository) {}

  streaming(windowSeconds: number): Promise<StreamingStatistics> {
    return this.statistics.streaming(windowSeconds);
  }

  variants(samples: readonly VariantSample[]): Promise<VariantStatistics[]> {
    return this.statistics.variants(samples);
  }

  usage(tenant: TenantContext, request: GetUsageStatisticsRequest): Promise<UsageRow[]> {
    return this.statistics.usage(tenant, request);
  }
}
