import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Attributes } from '@parley/contracts';
import { Type } from 'class-transformer';
import { IsIn, IsObject, IsOptional, IsString, ValidateIf, ValidateNested } from 'class-validator';
import { IsAttributes } from '../wire/metadata.validation.js';
import { PageQuery } from '../wire/page.query.js';
import { ChunkingStrategy } from './chunking-strategy.js';

export const VECTOR_STORE_FILE_STATUSES = ['in_progress', 'completed', 'cancelled', 'failed'] as const;
export type VectorStoreFileStatus = (typeof VECTOR_STORE_FILE_STATUSES)[number];

export class AttachFileBody {
  @ApiProperty({ example: 'file-01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  @IsString()
  file_id!: string;

  @IsOptional()
  @IsAttributes()
  attributes?: Attributes | null;

  @ApiPropertyOptional({ type: ChunkingStrategy, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ChunkingStrategy)
  chunking_strategy?: ChunkingStrategy | null;
}

export class UpdateVectorStoreFileBody {
  @ValidateIf((body: UpdateVectorStoreFileBody) => body.attributes !== null)
  @IsAttributes()
  attributes!: Attributes | null;
}

export class VectorStoreFilesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: VECTOR_STORE_FILE_STATUSES })
  @IsOptional()
  @IsIn(VECTOR_STORE_FILE_STATUSES)
  filter?: VectorStoreFileStatus;
}
