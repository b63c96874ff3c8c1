import { ApiProperty } from '@nestjs/swagger';
import { type StreamingStatistics } from '@parley/contracts';

const HEALTHY = { successRate: 0.95, firstTokenMs: 1_000 };
const UNHEALTHY = { successRate: 0.9, firstTokenMs: 2_000 };

export class TimesObject {
  @ApiProperty({ type: Number, nullable: true })
  average!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  p50!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  p95!: number | null;
}

export class ErrorCountObject {
  @ApiProperty()
  code!: string;

  @ApiProperty()
  count!: number;
}

export class StreamingSummaryObject {
  @ApiProperty({ description: 'Of the time before now that counts' })
  window_seconds!: number;

  @ApiProperty({ description: 'Being written now' })
  active_streams!: number;

  @ApiProperty({ description: 'Ended in that time' })
  total!: number;

  @ApiProperty({ description: 'From 0 to 1; 1 when nothing ended. What a client stopped is no failure.' })
  success_rate!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Milliseconds to the first token' })
  average_latency_ms!: number | null;

  @ApiProperty()
  error_count!: number;
}

export class StreamingObject extends StreamingSummaryObject {
  @ApiProperty()
  completed!: number;

  @ApiProperty()
  cancelled!: number;

  @ApiProperty()
  failed!: number;

  @ApiProperty({ description: 'Their process died' })
  interrupted!: number;

  @ApiProperty({ type: TimesObject })
  first_token_ms!: TimesObject;

  @ApiProperty({ type: TimesObject })
  total_ms!: TimesObject;

  @ApiProperty({ type: Number, nullable: true })
  tokens_per_second!: number | null;

  @ApiProperty({ type: [ErrorCountObject] })
  errors!: ErrorCountObject[];
}

export class StreamingHealthObject {
  @ApiProperty({ enum: ['healthy', 'degraded', 'unhealthy'] })
  status!: 'healthy' | 'degraded' | 'unhealthy';

  @ApiProperty({ format: 'date-time' })
  timestamp!: string;
}

export function streamingSummary(statistics: StreamingStatistics): StreamingSummaryObject {
  const { windowSeconds, active, firstTokenMs } = statistics;
  const errors = statistics.failed + statistics.interrupted;
  const total = statistics.completed + statistics.cancelled + errors;
  return {
    window_seconds: windowSeconds,
    active_streams: active,
    total,
    success_rate: total === 0 ? 1 : rounded((total - errors) / total, 4)!,
    average_latency_ms: rounded(firstTokenMs.average),
    error_count: errors,
  };
}

export function streamingObject(statistics: StreamingStatistics): StreamingObject {
  const { completed, cancelled, failed, interrupted, firstTokenMs, totalMs, tokensPerSecond, errors } = statistics;
  return {
    ...streamingSummary(statistics),
    ...{ completed, cancelled, failed, interrupted },
    first_token_ms: timesObject(firstTokenMs),
    total_ms: timesObject(totalMs),
    tokens_per_second: rounded(tokensPerSecond, 1),
    errors,
  };
}

export function streamingHealth(statistics: StreamingStatistics): StreamingHealthObject {
  const { success_rate, average_latency_ms } = streamingSummary(statistics);
  const isWithin = (bounds: typeof HEALTHY) =>
    success_rate >= bounds.successRate && (average_latency_ms ?? 0) <= bounds.firstTokenMs;
  const status = isWithin(HEALTHY) ? 'healthy' : isWithin(UNHEALTHY) ? 'degraded' : 'unhealthy';
  return { status, timestamp: new Date().toISOString() };
}

function timesObject({ average, p50, p95 }: StreamingStatistics['totalMs']): TimesObject {
  return { average: rounded(average), p50: rounded(p50), p95: rounded(p95) };
}

function rounded(value: number | null, digits = 0): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
