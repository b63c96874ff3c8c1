import { ApiPropertyOptional } from '@nestjs/swagger';
import { DomainError, parseId, type PublicIdKind } from '@parley/contracts';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

/** How much of a list is asked for. */
export class LimitQuery {
  @ApiPropertyOptional({ default: 20, minimum: 1, maximum: 100 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;
}

/** The query of a list route: a cursor page in OpenAI's words. */
export class PageQuery extends LimitQuery {
  @ApiPropertyOptional({ enum: ['asc', 'desc'], default: 'desc', description: 'By time of creation' })
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'desc';

  @ApiPropertyOptional({ description: 'Id of the last object of the page before' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  after?: string;

  @ApiPropertyOptional({ description: 'Id of the first object of the page behind' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  before?: string;
}

export interface PageFields {
  limit: number;
  order: 'asc' | 'desc';
  after?: string;
  before?: string;
}

/**
 * The page as the owning service is asked for it, with uuids as cursors.
 * @throws DomainError `invalid_request` for a cursor that is no id of that kind
 */
export function pageFields(query: PageQuery, kind: PublicIdKind): PageFields {
  const { limit, order } = query;
  return { limit, order, ...cursor(query, 'after', kind), ...cursor(query, 'before', kind) };
}

function cursor(query: PageQuery, param: 'after' | 'before', kind: PublicIdKind): { after?: string; before?: string } {
  const text = query[param];
  if (text === undefined || text === '') return {};
  const id = parseId(kind, text);
  if (id === null) throw new DomainError('invalid_request', `${param} is not an id of this list.`, { param });
  return { [param]: id };
}
