import { ApiProperty } from '@nestjs/swagger';
import { type ProviderStatus, type UsageRow } from '@parley/contracts';

class ServicesObject {
  @ApiProperty()
  gateway!: boolean;

  @ApiProperty()
  chat!: boolean;

  @ApiProperty()
  memory!: boolean;
}

export class StatusObject {
  @ApiProperty({ enum: ['healthy', 'degraded', 'unhealthy'] })
  status!: 'healthy' | 'degraded' | 'unhealthy';

  @ApiProperty()
  version!: string;

  @ApiProperty({ format: 'date-time' })
  timestamp!: string;

  @ApiProperty({ description: 'Every service reaches its database' })
  database!: boolean;

  @ApiProperty({ description: 'The language model answers; without it the suite is degraded, not down' })
  llm!: boolean;

  @ApiProperty()
  services!: ServicesObject;
}

class MemoryObject {
  @ApiProperty({ description: 'Resident set of this process, in bytes' })
  rss_bytes!: number;

  @ApiProperty()
  heap_used_bytes!: number;

  @ApiProperty({ description: 'Of the machine or container' })
  available_bytes!: number;
}

class SystemObject {
  @ApiProperty({ example: 'v24.0.0' })
  node!: string;

  @ApiProperty({ example: 'linux' })
  platform!: string;

  @ApiProperty({ description: 'Seconds since this process started' })
  uptime_seconds!: number;

  @ApiProperty({ description: 'Processor time of this process, in seconds' })
  cpu_seconds!: number;

  @ApiProperty({ type: [Number], description: 'Load of the machine over 1, 5 and 15 minutes' })
  load_average!: number[];

  @ApiProperty()
  memory!: MemoryObject;
}

export class ProviderObject {
  @ApiProperty({ example: 'openai' })
  name!: string;

  @ApiProperty({
    enum: ['closed', 'open', 'half-open'],
    description: 'Of its circuit breaker: `open` refuses requests for a pause, `half-open` lets one try',
  })
  breaker!: ProviderStatus['state'];

  @ApiProperty({ description: 'It answered within the last minute' })
  reachable!: boolean;

  @ApiProperty({ description: 'Requests that it serves' })
  active_requests!: number;

  @ApiProperty({ description: 'Requests that wait for a place' })
  queued_requests!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Null: no limit' })
  max_concurrent_requests!: number | null;
}

export function providerObject(status: ProviderStatus): ProviderObject {
  return {
    name: status.name,
    breaker: status.state,
    reachable: status.reachable,
    active_requests: status.active,
    queued_requests: status.queued,
    max_concurrent_requests: status.maxActive,
  };
}

export class UsedTodayObject {
  @ApiProperty()
  requests!: number;

  @ApiProperty()
  prompt_tokens!: number;

  @ApiProperty()
  completion_tokens!: number;

  @ApiProperty({ description: 'In millionths of the currency of the prices' })
  cost_micros!: number;
}

export function usedToday(rows: readonly UsageRow[]): UsedTodayObject {
  const sum = (of: (row: UsageRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    requests: sum((row) => row.requests),
    prompt_tokens: sum((row) => row.promptTokens),
    completion_tokens: sum((row) => row.completionTokens),
    cost_micros: sum((row) => row.costMicros),
  };
}

export class DetailedStatusObject extends StatusObject {
  @ApiProperty({ type: [ProviderObject], description: 'As the chat process that answered sees them' })
  providers!: ProviderObject[];

  @ApiProperty({
    type: UsedTodayObject,
    nullable: true,
    description:
      "What the caller's tenant has asked models for since midnight in UTC; null when that cannot be told now",
  })
  usage_today!: UsedTodayObject | null;

  @ApiProperty({ description: 'Of the gateway that answers' })
  system!: SystemObject;
}
