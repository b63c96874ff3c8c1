import { ApiPropertyOptional } from '@nestjs/swagger';
import { type Metadata } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { IsMetadata } from '../wire/metadata.validation.js';
import { ChunkingStrategy } from './chunking-strategy.js';

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

  /** Not supported: accepted as null alone. */
  @Allow()
  expires_after?: unknown;
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
