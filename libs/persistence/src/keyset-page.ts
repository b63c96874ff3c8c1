import { DomainError, type Page, type PageRequest } from '@parley/contracts';
import { type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';

/**
 * One page of what `query` selects, in the order of (created_at, id). Cursors are ids and are looked up inside the same
 * selection, so that foreign ones do not exist.
 * @throws DomainError `invalid_request` for a cursor that is not in the list
 */
export async function keysetPage<Row extends ObjectLiteral & { id: string }>(
  query: SelectQueryBuilder<Row>,
  { limit, order, after, before }: Pick<PageRequest, 'limit' | 'order' | 'after' | 'before'>,
): Promise<Page<Row>> {
  const { alias } = query;
  const backwards = before !== undefined && after === undefined;
  const ascending = (order === 'asc') !== backwards;
  for (const [param, id] of Object.entries({ after, before })) {
    if (id === undefined) continue;
    const createdAt = await positionOf(query, id, param);
    const isAbove = (order === 'asc') === (param === 'after');
    query.andWhere(`(${alias}.createdAt, ${alias}.id) ${isAbove ? '>' : '<'} (:${param}At::timestamptz, :${param}Id)`, {
      [`${param}At`]: createdAt,
      [`${param}Id`]: id,
    });
  }
  const direction = ascending ? 'ASC' : 'DESC';
  const rows = await query
    .orderBy(`${alias}.createdAt`, direction)
    .addOrderBy(`${alias}.id`, direction)
    .limit(limit + 1)
    .getMany();
  const data = rows.slice(0, limit);
  return { data: backwards ? data.reverse() : data, hasMore: rows.length > limit };
}

/** As text, because a Date has no microseconds. */
async function positionOf<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  id: string,
  param: string,
): Promise<string> {
  const row = await query
    .clone()
    .select(`cast(${query.alias}.createdAt as text)`, 'created_at')
    .andWhere(`${query.alias}.id = :id`, { id })
    .getRawOne<{ created_at: string }>();
  if (!row) throw new DomainError('invalid_request', `${param} is not an id of this list.`, { param });
  return row.created_at;
}
