import { ApiProperty } from '@nestjs/swagger';
import { type GetUsageStatisticsRequest, USAGE_GROUPS, type UsageGroup, type UsageRow } from '@parley/contracts';

export class UsageRowObject {
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'openai/gpt-4o',
    description: 'The day in UTC, provider and model, id of the user or assistant, or purpose; null: no assistant',
  })
  key!: string | null;

  @ApiProperty()
  requests!: number;

  @ApiProperty()
  failures!: number;

  @ApiProperty()
  prompt_tokens!: number;

  @ApiProperty()
  completion_tokens!: number;

  @ApiProperty({ description: 'Read aloud' })
  characters!: number;

  @ApiProperty({ description: 'In millionths of the currency of the prices' })
  cost_micros!: number;

  @ApiProperty({ description: 'Requests whose price is not known: `cost_micros` lacks them' })
  unpriced_requests!: number;

  @ApiProperty({ type: Number, nullable: true })
  average_first_token_ms!: number | null;
}

export class UsageObject {
  @ApiProperty({ enum: ['usage'] })
  object!: 'usage';

  @ApiProperty({ format: 'date-time' })
  from!: string;

  @ApiProperty({ format: 'date-time' })
  to!: string;

  @ApiProperty({ enum: USAGE_GROUPS })
  group_by!: UsageGroup;

  @ApiProperty({ type: [UsageRowObject] })
  data!: UsageRowObject[];
}

export function usageObject({ from, to, groupBy }: GetUsageStatisticsRequest, rows: UsageRow[]): UsageObject {
  return { object: 'usage', from, to, group_by: groupBy, data: rows.map(rowObject) };
}

function rowObject(row: UsageRow): UsageRowObject {
  return {
    key: row.key,
    requests: row.requests,
    failures: row.failures,
    prompt_tokens: row.promptTokens,
    completion_tokens: row.completionTokens,
    characters: row.characters,
    cost_micros: row.costMicros,
    unpriced_requests: row.unpriced,
    average_first_token_ms: row.averageFirstTokenMs,
  };
}
