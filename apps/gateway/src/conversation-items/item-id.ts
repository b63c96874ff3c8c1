import { formatId, type MessageView } from '@parley/contracts';

/** `msg_` a text, `fc_` a function call, `fco_` its output; the number counts the calls of one message. */
const ITEM_ID = /^(msg|fc|fco)_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})(?:_\d{1,3})?$/;

export function callItemId(messageId: string, index: number): string {
  const id = messageId.replaceAll('-', '');
  return index === 0 ? `fc_${id}` : `fc_${id}_${index}`;
}

export function messageItemId({ id, role }: Pick<MessageView, 'id' | 'role'>): string {
  return role === 'tool' ? `fco_${id.replaceAll('-', '')}` : formatId('message', id);
}

/** The message that holds an item; null when the text is no item's id. */
export function messageOfItem(text: string): string | null {
  const match = ITEM_ID.exec(text);
  return match && match.slice(2, 7).join('-');
}
