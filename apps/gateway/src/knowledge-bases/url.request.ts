import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Attributes, DomainError, MAX_REFRESH_INTERVAL_HOURS, MAX_URLS_PER_REQUEST } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsAttributes } from '../wire/metadata.validation.js';
import { ChunkingStrategy } from './chunking-strategy.js';

/** Longer than any address that is accepted, which is told with a better message behind. */
const MAX_TEXT_CHARS = 8192;

export class AddUrlsBody {
  @ApiPropertyOptional({ example: 'https://example.org/handbook', description: 'One address; or give urls' })
  @IsOptional()
  @IsString()
  @Length(1, MAX_TEXT_CHARS)
  url?: string;

  @ApiPropertyOptional({ type: [String], maxItems: MAX_URLS_PER_REQUEST })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_URLS_PER_REQUEST)
  @IsString({ each: true })
  @Length(1, MAX_TEXT_CHARS, { each: true })
  urls?: string[];

  @IsOptional()
  @IsAttributes()
  attributes?: Attributes | null;

  @ApiPropertyOptional({ type: ChunkingStrategy, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ChunkingStrategy)
  chunking_strategy?: ChunkingStrategy | null;

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    minimum: 1,
    maximum: MAX_REFRESH_INTERVAL_HOURS,
    description: 'Looks for changes again and again; by default only on request',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_REFRESH_INTERVAL_HOURS)
  refresh_interval_hours?: number | null;
}

export class ScheduleUrlBody {
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 1,
    maximum: MAX_REFRESH_INTERVAL_HOURS,
    description: 'null: only on request',
  })
  @ValidateIf((body: ScheduleUrlBody) => body.refresh_interval_hours !== null)
  @IsInt()
  @Min(1)
  @Max(MAX_REFRESH_INTERVAL_HOURS)
  refresh_interval_hours!: number | null;
}

/** @throws DomainError `invalid_request` unless there is exactly one of `url` and `urls` */
export function urlsOf({ url, urls }: AddUrlsBody): string[] {
  if ((url === undefined) === (urls === undefined)) {
    throw new DomainError('invalid_request', 'Give either url or urls.', { param: 'url' });
  }
  return urls ?? [url!];
}
