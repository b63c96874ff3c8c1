import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type ChunkingOptions, DomainError } from '@parley/contracts';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, Max, Min, ValidateIf, ValidateNested } from 'class-validator';

export class StaticChunking {
  @ApiProperty({ minimum: 100, maximum: 4096 })
  @IsInt()
  @Min(100)
  @Max(4096)
  max_chunk_size_tokens!: number;

  @ApiProperty({ minimum: 0, description: 'At most half of max_chunk_size_tokens' })
  @IsInt()
  @Min(0)
  @Max(2048)
  chunk_overlap_tokens!: number;
}

/** `auto` means chunks of 800 tokens that overlap by 400. */
export class ChunkingStrategy {
  @ApiProperty({ enum: ['auto', 'static'] })
  @IsIn(['auto', 'static'])
  type!: 'auto' | 'static';

  @ApiPropertyOptional({ type: StaticChunking, description: 'Required when type is static' })
  @ValidateIf((strategy: ChunkingStrategy) => strategy.type === 'static')
  @IsObject({ message: '$property is required when type is static' })
  @ValidateNested()
  @Type(() => StaticChunking)
  static?: StaticChunking;
}

/** @throws DomainError `invalid_request` when more than half of a chunk would overlap */
export function chunkingOptions(strategy: ChunkingStrategy | null | undefined): { chunking?: ChunkingOptions } {
  if (strategy?.type !== 'static' || !strategy.static) return {};
  const { max_chunk_size_tokens: maxChunkSizeTokens, chunk_overlap_tokens: chunkOverlapTokens } = strategy.static;
  if (chunkOverlapTokens * 2 > maxChunkSizeTokens) {
    const param = 'chunking_strategy.static.chunk_overlap_tokens';
    throw new DomainError('invalid_request', `${param} must not exceed half of max_chunk_size_tokens.`, { param });
  }
  return { chunking: { maxChunkSizeTokens, chunkOverlapTokens } };
}
