import { DomainError, type MessageView, type Page } from '@parley/contracts';
import { type ItemsQuery } from './conversation-items.request.js';
import { messageOfItem } from './item-id.js';
import { type ItemObject, itemsOf } from './item.view.js';

export interface MessageSource {
  get(messageId: string): Promise<MessageView>;
  list(page: { limit: number; order: 'asc' | 'desc'; after?: string }): Promise<Page<MessageView>>;
}

/**
 * A page of items from pages of messages, of which each is one item or several.
 * @throws DomainError `invalid_request` for a cursor that is no item of the list
 */
export async function itemPage(source: MessageSource, { limit, order, after }: ItemsQuery): Promise<Page<ItemObject>> {
  const inOrder = (view: MessageView) => (order === 'asc' ? itemsOf(view) : itemsOf(view).reverse());
  const items: ItemObject[] = [];
  let cursor: { after?: string } = {};
  if (after !== undefined && after !== '') {
    const messageId = messageOfItem(after);
    if (messageId === null)
      throw new DomainError('invalid_request', 'after is not an id of this list.', { param: 'after' });
    const siblings = inOrder(await source.get(messageId));
    items.push(...siblings.slice(siblings.findIndex(({ id }) => id === after) + 1));
    cursor = { after: messageId };
  }
  const page = await source.list({ limit, order, ...cursor });
  items.push(...page.data.flatMap(inOrder));
  return { data: items.slice(0, limit), hasMore: page.hasMore || items.length > limit };
}
