import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Metadata } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsMetadata } from '../wire/metadata.validation.js';
import { ChunkingStrategy } from './chunking-strategy.js';

/** When a vector store expires: its files are taken out of it, and searching it or adding to it fails from then on. */
export class ExpiresAfter {
  @ApiProperty({
    enum: ['last_active_at'],
    description: 'The last search, or when the policy was set if that is later',
  })
  @IsIn(['last_active_at'])
  anchor!: 'last_active_at';

  @ApiProperty({ minimum: 1, maximum: 365 })
  @IsInt()
  @Min(1)
  @Max(365)
  days!: number;
}

export class UpdateVectorStoreBody {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 256 })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  name?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 2048 })
  @IsOptional()
  @IsString()
  @MaxLength(2048)
  description?: string | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  @ApiPropertyOptional({ type: ExpiresAfter, nullable: true, description: 'Null for never' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ExpiresAfter)
  expires_after?: ExpiresAfter | null;
}

export class CreateVectorStoreBody extends UpdateVectorStoreBody {
  @ApiPropertyOptional({ type: [String], maxItems: 500, description: 'Files to attach at once' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  file_ids?: string[] | null;

  @ApiPropertyOptional({ type: ChunkingStrategy, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ChunkingStrategy)
  chunking_strategy?: ChunkingStrategy | null;
}
