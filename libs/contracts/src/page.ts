import { IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';

/** A stretch of a list, by cursor. Extend it with what the list is filtered by. */
export class PageRequest {
  @IsInt()
  @Min(1)
  @Max(100)
  limit = 20;

  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'desc';

  /** Id of the last item of the page before. */
  @IsOptional()
  @IsUUID()
  after?: string;

  /** Id of the first item of the page behind. */
  @IsOptional()
  @IsUUID()
  before?: string;
}

export interface Page<T> {
  data: T[];
  hasMore: boolean;
}
