import { Injectable } from '@nestjs/common';
import {
  GetStreamingStatistics,
  GetUsageStatistics,
  type GetUsageStatisticsRequest,
  GetVariantStatistics,
  type StreamingStatistics,
  TenantContext,
  type UsageRow,
  type VariantSample,
  type VariantStatistics,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';

const WINDOW_SECONDS = 300;
/** Anybody may ask for the health, so asking often must not mean counting often. */
const MAX_AGE_MS = 5_000;
/** The figures of all tenants belong to none. */
const NIL = '00000000-0000-0000-0000-000000000000';
const NOBODY = TenantContext.of({ tenantId: NIL, userId: NIL, role: 'member' });

@Injectable()
export class StatisticsService {
  #recent: { at: number; statistics: Promise<StreamingStatistics> } | undefined;

  constructor(private readonly bus: MessageBus) {}

  streaming(windowSeconds: number): Promise<StreamingStatistics> {
    return this.bus.request(GetStreamingStatistics, { windowSeconds }, NOBODY);
  }

  /** Of the last five minutes, some seconds old at most. */
  recent(): Promise<StreamingStatistics> {
    const now = performance.now();
    if (!this.#recent || now - this.#recent.at > MAX_AGE_MS) {
      const statistics = this.streaming(WINDOW_SECONDS);
      this.#recent = { at: now, statistics };
      statistics.catch(() => (this.#recent = undefined));
    }
    return this.#recent.statistics;
  }

  /** Of all tenants, in the order of the samples. */
  variants(samples: VariantSample[]): Promise<VariantStatistics[]> {
    return this.bus.request(GetVariantStatistics, { samples }, NOBODY);
  }

  usage(
    tenant: TenantContext,
    request: GetUsageStatisticsRequest,
    options: { timeoutMs?: number } = {},
  ): Promise<UsageRow[]> {
    return this.bus.request(GetUsageStatistics, request, tenant, options);
  }
}
