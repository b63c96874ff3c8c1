import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { defineRpc } from '../message-definition.js';
import { EmbeddingMigrationRequest } from './embedding-migrations.js';

export const MAX_COMPARED_QUERIES = 50;

/** A question, and the files that answer it. */
export class ExpectedFiles {
  @IsString()
  @Length(1, 8_192)
  query!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsUUID(undefined, { each: true })
  fileIds!: string[];
}

/** Questions first; then queries; without either, the first sentences of so many chunks. */
export class CompareEmbeddingSpacesRequest extends EmbeddingMigrationRequest {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_COMPARED_QUERIES)
  @ValidateNested({ each: true })
  @Type(() => ExpectedFiles)
  questions?: ExpectedFiles[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_COMPARED_QUERIES)
  @IsString({ each: true })
  @Length(1, 8_192, { each: true })
  queries?: string[];

  @IsInt()
  @Min(1)
  @Max(MAX_COMPARED_QUERIES)
  sample = 20;
}

/** Means over the questions, 0 to 1; a file counts as found with its first chunk. */
export interface SpaceQuality {
  recallAt10: number;
  ndcgAt10: number;
}

export interface EmbeddingComparison {
  queryCount: number;
  /** Mean share of the first ten chunks that both searches have in common, 0 to 1; null when nothing was found. */
  overlapAt10: number | null;
  /** The same for vectors without words. */
  vectorOverlapAt10: number | null;
  /** Null without questions. */
  quality: { from: SpaceQuality; to: SpaceQuality } | null;
  /** The queries whose results differ most, least overlap first; at most ten. */
  differing: { query: string; overlapAt10: number }[];
}

export const CompareEmbeddingSpaces = defineRpc<EmbeddingComparison>()({
  name: 'memory.compare-embedding-spaces.v1',
  request: CompareEmbeddingSpacesRequest,
  timeoutMs: 60_000,
});
