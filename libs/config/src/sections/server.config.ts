import { IsIn, IsInt, Max, Min } from 'class-validator';
import { Env } from '../env.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The process itself: where it listens, how it logs, how it stops. */
export class ServerConfig {
  @Env(['ENVIRONMENT', 'NODE_ENV'], {
    description: 'production switches strict start-up checks on',
    default: 'development',
  })
  @IsIn(['development', 'test', 'production'])
  readonly environment!: string;

  @Env('HOST', { description: 'Address to listen on', default: '0.0.0.0' })
  readonly host!: string;

  @Env('PORT', {
    description: 'Port of the API (gateway) or of health and metrics (the other apps); 0 takes a free one',
    default: 3001,
  })
  @IsInt()
  @Min(0)
  @Max(65535)
  readonly port!: number;

  @Env('LOG_LEVEL', {
    description: `One of ${LOG_LEVELS.join(', ')}`,
    default: 'info',
    parse: (text): LogLevel => text.toLowerCase() as LogLevel,
  })
  @IsIn(LOG_LEVELS)
  readonly logLevel!: LogLevel;

  @Env('SHUTDOWN_TIMEOUT_MS', { description: 'How long work in flight may take to finish on SIGTERM', default: 8_000 })
  @IsInt()
  @Min(0)
  @Max(600_000)
  readonly shutdownTimeoutMs!: number;

  get isProduction(): boolean {
    return this.environment === 'production';
  }
}
