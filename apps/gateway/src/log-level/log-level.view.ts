import { ApiProperty } from '@nestjs/swagger';
import { LOG_LEVELS } from '@parley/config';
import { type LogLevelState } from './log-level.service.js';

export class LogLevelObject {
  @ApiProperty({ enum: ['log_level'] })
  object!: 'log_level';

  @ApiProperty({ enum: LOG_LEVELS })
  level!: string;

  @ApiProperty({ enum: LOG_LEVELS, description: 'LOG_LEVEL of the gateway' })
  configured_level!: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the configured one holds again',
  })
  expires_at!: string | null;
}

export function logLevelObject({ level, configured, expiresAt }: LogLevelState): LogLevelObject {
  return {
    object: 'log_level',
    level,
    configured_level: configured,
    expires_at: expiresAt && expiresAt.toISOString(),
  };
}
