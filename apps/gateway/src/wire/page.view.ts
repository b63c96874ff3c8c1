import { type Page } from '@parley/contracts';

/** OpenAI's page of a list. */
export interface ListObject<T> {
  object: 'list';
  data: T[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

export function listObject<View, T extends { id: string }>(
  page: Page<View>,
  toObject: (view: View) => T,
): ListObject<T> {
  const data = page.data.map(toObject);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: page.hasMore,
  };
}
