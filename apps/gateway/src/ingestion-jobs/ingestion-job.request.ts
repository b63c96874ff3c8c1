import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  DomainError,
  INGESTION_ERROR_CODES,
  type IngestionErrorCode,
  JOB_FILTERS,
  type JobFilter,
  MAX_DEAD_LETTERS_AT_ONCE,
  parseId,
} from '@parley/contracts';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { parseIds } from '../wire/id-list.js';
import { PageQuery } from '../wire/page.query.js';

const SHOWN_STORE = { example: 'vs_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' };
const DEFAULT_BATCH = 100;

export class IngestionJobsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: JOB_FILTERS, description: 'A status or, finer, a condition' })
  @IsOptional()
  @IsIn(JOB_FILTERS)
  status?: JobFilter;

  @ApiPropertyOptional(SHOWN_STORE)
  @IsOptional()
  @IsString()
  vector_store_id?: string;
}

export class DeadLettersQuery extends PageQuery {
  @ApiPropertyOptional({ enum: INGESTION_ERROR_CODES })
  @IsOptional()
  @IsIn(INGESTION_ERROR_CODES)
  code?: IngestionErrorCode;

  @ApiPropertyOptional(SHOWN_STORE)
  @IsOptional()
  @IsString()
  vector_store_id?: string;
}

/** What is not given does not restrict. */
export class SettleDeadLettersBody {
  @ApiPropertyOptional({ type: [String], maxItems: MAX_DEAD_LETTERS_AT_ONCE })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_DEAD_LETTERS_AT_ONCE)
  @IsString({ each: true })
  ids?: string[];

  @ApiPropertyOptional({ enum: INGESTION_ERROR_CODES })
  @IsOptional()
  @IsIn(INGESTION_ERROR_CODES)
  code?: IngestionErrorCode;

  @ApiPropertyOptional(SHOWN_STORE)
  @IsOptional()
  @IsString()
  vector_store_id?: string;

  @ApiPropertyOptional({ default: DEFAULT_BATCH, minimum: 1, maximum: MAX_DEAD_LETTERS_AT_ONCE })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_DEAD_LETTERS_AT_ONCE)
  limit?: number;
}

/** @throws DomainError `not_found` for what is no id of a knowledge base */
export function inKnowledgeBase(vectorStoreId: string | undefined): { knowledgeBaseId?: string } {
  if (vectorStoreId === undefined) return {};
  const knowledgeBaseId = parseId('knowledgeBase', vectorStoreId);
  if (knowledgeBaseId === null) throw DomainError.notFound('vector store', 'vector_store_id');
  return { knowledgeBaseId };
}

export function deadLetterSelection({ ids, code, vector_store_id, limit }: SettleDeadLettersBody) {
  return {
    ...(ids ? { ids: parseIds('ingestionJob', ids, 'dead letter', 'ids') } : {}),
    ...(code ? { code } : {}),
    ...inKnowledgeBase(vector_store_id),
    limit: limit ?? ids?.length ?? DEFAULT_BATCH,
  };
}
