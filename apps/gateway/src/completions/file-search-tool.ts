import {
  type AttributeFilter,
  DomainError,
  RETRIEVAL_MODES,
  type RetrievalMode,
  type RetrievalOptions,
} from '@parley/contracts';
import { plainToInstance, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateNested,
  validateSync,
} from 'class-validator';
import { invalidRequest } from '../http/validation.pipe.js';
import { parseIds } from '../wire/id-list.js';

class FileSearchRanking {
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  score_threshold?: number | null;
}

/** OpenAI's `file_search` tool: the answer is grounded in these vector stores. */
export class FileSearchTool {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @IsString({ each: true })
  vector_store_ids!: string[];

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(50)
  max_num_results?: number | null;

  @IsOptional()
  @IsObject()
  filters?: AttributeFilter | null;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => FileSearchRanking)
  ranking_options?: FileSearchRanking | null;

  @IsOptional()
  @IsIn(RETRIEVAL_MODES)
  mode?: RetrievalMode | null;
}

/** @throws DomainError `invalid_request`, or `not_found` for an id that is no vector store's */
export function retrievalOptions(tool: Record<string, unknown>, param: string): RetrievalOptions {
  const checked = plainToInstance(FileSearchTool, tool);
  const errors = validateSync(checked, { stopAtFirstError: true });
  if (errors.length > 0) throw within(param, invalidRequest(errors));
  const { vector_store_ids, max_num_results, filters, ranking_options, mode } = checked;
  return {
    knowledgeBaseIds: parseIds('knowledgeBase', vector_store_ids, 'vector store', `${param}.vector_store_ids`),
    ...(max_num_results ? { maxResults: max_num_results } : {}),
    ...(typeof ranking_options?.score_threshold === 'number'
      ? { scoreThreshold: ranking_options.score_threshold }
      : {}),
    ...(filters ? { filter: filters } : {}),
    ...(mode ? { mode } : {}),
  };
}

/** A fault that shows only when the search is done, with its field as the client wrote it. */
export function searchFaultAsSent(
  error: unknown,
  tools: readonly Record<string, unknown>[] | null | undefined,
): unknown {
  if (!(error instanceof DomainError) || !/^(vector_store_ids|filters)\b/.test(error.param ?? '')) return error;
  const index = (tools ?? []).findIndex(({ type }) => type === 'file_search');
  // Without the tool it was the assistant's search.
  if (index === -1) return new DomainError(error.code, error.message, { param: 'model' });
  return within(`tools.${index}`, error);
}

function within(prefix: string, error: DomainError): DomainError {
  const param = `${prefix}.${error.param}`;
  return new DomainError(error.code, error.message.replace(error.param ?? '', param), { param });
}
