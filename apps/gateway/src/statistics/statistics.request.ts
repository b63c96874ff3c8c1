import { ApiPropertyOptional } from '@nestjs/swagger';
import { DomainError, type GetUsageStatisticsRequest, USAGE_GROUPS, type UsageGroup } from '@parley/contracts';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsISO8601, IsOptional, Max, Min } from 'class-validator';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;

export class StreamingQuery {
  @ApiPropertyOptional({ minimum: 60, maximum: 86_400, default: 300 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(60)
  @Max(86_400)
  window_seconds: number = 300;
}

export class UsageQuery {
  @ApiPropertyOptional({ format: 'date-time', description: 'Inclusive; 30 days before `to` by default' })
  @IsOptional()
  @IsISO8601({ strict: true })
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Exclusive; now by default' })
  @IsOptional()
  @IsISO8601({ strict: true })
  to?: string;

  @ApiPropertyOptional({ enum: USAGE_GROUPS, default: 'day' })
  @IsOptional()
  @IsIn(USAGE_GROUPS)
  group_by: UsageGroup = 'day';

  /** @throws DomainError `invalid_request` when the time is none, or too long */
  toMessage(now: Date): GetUsageStatisticsRequest {
    const to = this.to ? new Date(this.to) : now;
    const from = this.from ? new Date(this.from) : new Date(to.getTime() - DEFAULT_DAYS * DAY_MS);
    const days = (to.getTime() - from.getTime()) / DAY_MS;
    if (days <= 0 || days > MAX_DAYS) {
      throw new DomainError('invalid_request', `\`from\` must be before \`to\`, by ${MAX_DAYS} days at most.`, {
        param: 'from',
      });
    }
    return { from: from.toISOString(), to: to.toISOString(), groupBy: this.group_by };
  }
}
