import { Env, parseBytes } from '@parley/config';
import { IsInt, Max, Min } from 'class-validator';
import { DEFAULT_PARSE_LIMITS, type ParseLimits, SPOOL_BYTES_PER_CHAR } from '../parsing/parsed-document.js';

const MIN_SPOOL_BYTES = 1024 * 1024;

/** How documents are worked on, and what one may cost. */
export class IngestionConfig {
  @Env('INGESTION_LEASE_MS', {
    description: 'A worker that says nothing for this long has died, and another takes its document over',
    default: 30_000,
  })
  @IsInt()
  @Min(1_000)
  @Max(600_000)
  readonly leaseMs!: number;

  @Env('INGESTION_RETRY_PAUSE_MS', {
    description: 'Pause after the first failed attempt at a document; each further one is four times as long',
    default: 5_000,
  })
  @IsInt()
  @Min(10)
  @Max(300_000)
  readonly firstPauseMs!: number;

  @Env('INGESTION_OUTAGE_PATIENCE_MS', {
    description:
      'How long the embedding provider may be away or limit the rate before a document that needs it has failed',
    default: 86_400_000,
  })
  @IsInt()
  @Min(0)
  @Max(604_800_000)
  readonly outagePatienceMs!: number;

  @Env('PARSE_TIMEOUT_MS', {
    description: 'Longest time to read one document',
    default: DEFAULT_PARSE_LIMITS.timeoutMs,
  })
  @IsInt()
  @Min(1_000)
  @Max(1_200_000)
  readonly parseTimeoutMs!: number;

  @Env('PARSE_MAX_CPU_SECONDS', {
    description: 'Most processor time to read one document',
    default: DEFAULT_PARSE_LIMITS.maxCpuSeconds,
  })
  @IsInt()
  @Min(1)
  @Max(1_200)
  readonly parseMaxCpuSeconds!: number;

  @Env('PARSE_MAX_MEMORY_MB', {
    description: 'Most memory to read one document',
    default: DEFAULT_PARSE_LIMITS.maxMemoryMb,
  })
  @IsInt()
  @Min(128)
  @Max(16_384)
  readonly parseMaxMemoryMb!: number;

  @Env('PARSE_MAX_FILE_SIZE', {
    description: 'Largest file that is read',
    default: DEFAULT_PARSE_LIMITS.maxFileBytes,
    example: '64MB',
    parse: parseBytes,
  })
  @IsInt()
  @Min(1)
  readonly parseMaxFileBytes!: number;

  @Env('PARSE_MAX_TEXT_CHARS', {
    description: 'Most text that one document may hold',
    default: DEFAULT_PARSE_LIMITS.maxTextChars,
  })
  @IsInt()
  @Min(1_000)
  readonly parseMaxTextChars!: number;

  @Env('PARSE_MAX_PAGES', {
    description: 'Most pages that a PDF may have',
    default: DEFAULT_PARSE_LIMITS.maxPages,
  })
  @IsInt()
  @Min(1)
  readonly parseMaxPages!: number;

  get parseLimits(): ParseLimits {
    return {
      timeoutMs: this.parseTimeoutMs,
      maxCpuSeconds: this.parseMaxCpuSeconds,
      maxMemoryMb: this.parseMaxMemoryMb,
      maxFileBytes: this.parseMaxFileBytes,
      maxTextChars: this.parseMaxTextChars,
      maxPages: this.parseMaxPages,
      maxSpoolBytes: Math.max(MIN_SPOOL_BYTES, this.parseMaxTextChars * SPOOL_BYTES_PER_CHAR),
    };
  }
}
