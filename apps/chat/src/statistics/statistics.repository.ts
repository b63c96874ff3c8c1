import { Injectable } from '@nestjs/common';
import {
  type GetUsageStatisticsRequest,
  type StreamingStatistics,
  type TenantContext,
  type UsageGroup,
  type UsageRow,
  type VariantSample,
  type VariantStatistics,
} from '@parley/contracts';
import { Database } from '@parley/persistence';

/** As many models, users or days as one answer tells of: those that cost most. */
const MAX_ROWS = 1_000;

const KEYS: Record<UsageGroup, string> = {
  day: `to_char(u.created_at at time zone 'UTC', 'YYYY-MM-DD')`,
  model: `u.provider || '/' || u.model`,
  user: 'u.user_id::text',
  assistant: 'u.assistant_id::text',
  purpose: 'u.purpose',
};

const USAGE = (key: string) => `
  with u as (
    select created_at, provider, model, user_id, assistant_id, 'answer' as purpose, status in ('failed', 'interrupted') as failed,
      prompt_tokens, completion_tokens, null::integer as characters, cost_micros, first_token_ms
    from chat.runs where tenant_id = $1 and created_at >= $2 and created_at < $3
    union all
    select created_at, provider, model, user_id, null, purpose, false,
      prompt_tokens, completion_tokens, characters, cost_micros, null
    from chat.usage_records where tenant_id = $1 and created_at >= $2 and created_at < $3
  )
  select ${key} as "key", count(*)::integer as "requests", count(*) filter (where u.failed)::integer as "failures",
    coalesce(sum(u.prompt_tokens), 0)::float8 as "promptTokens",
    coalesce(sum(u.completion_tokens), 0)::float8 as "completionTokens",
    coalesce(sum(u.characters), 0)::float8 as "characters", coalesce(sum(u.cost_micros), 0)::float8 as "costMicros",
    count(*) filter (where u.cost_micros is null)::integer as "unpriced",
    round(avg(u.first_token_ms))::integer as "averageFirstTokenMs"
  from u group by 1 order by sum(u.cost_micros) desc nulls last, 2 desc, 1 limit ${MAX_ROWS}`;

@Injectable()
export class StatisticsRepository {
  constructor(private readonly database: Database) {}

  /** Of all tenants. */
  async streaming(windowSeconds: number): Promise<StreamingStatistics> {
    const rows: { statistics: Omit<StreamingStatistics, 'windowSeconds'> }[] = await this.database.withoutTenant((tx) =>
      tx.query('select chat.streaming_statistics($1) as statistics', [windowSeconds]),
    );
    return { windowSeconds, ...rows[0]!.statistics };
  }

  /** Of all tenants. */
  async variants(samples: readonly VariantSample[]): Promise<VariantStatistics[]> {
    return this.database.withoutTenant(async (tx) => {
      const all: VariantStatistics[] = [];
      for (const { variant, since } of samples) {
        const rows: { statistics: VariantStatistics }[] = await tx.query(
          'select chat.variant_statistics($1, $2) as statistics',
          [variant, since],
        );
        all.push(rows[0]!.statistics);
      }
      return all;
    });
  }

  async usage(tenant: TenantContext, { from, to, groupBy }: GetUsageStatisticsRequest): Promise<UsageRow[]> {
    return this.database.withTenant(tenant, (tx) => tx.query(USAGE(KEYS[groupBy]), [tenant.tenantId, from, to]));
  }
}
