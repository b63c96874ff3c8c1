import { type ConsumeMessage } from 'amqplib';
import { describe, expect, it } from '@jest/globals';
import { bundleOf, readItems, type SentItem, singly, type StreamMessage } from './stream-item.js';

const ITEMS: SentItem[] = [
  { streamId: 'one', seq: 1, data: { text: 'é' }, isLast: false },
  { streamId: 'one', seq: 2, isLast: true },
  { streamId: 'two', seq: 1, data: null, isLast: true },
];

function received({ body, properties }: StreamMessage): ConsumeMessage {
  const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body ?? null));
  return { content, properties } as unknown as ConsumeMessage;
}

describe('Items of streams', () => {
  it('are read as they were bundled', () => {
    expect(readItems(received(bundleOf(ITEMS.map((item) => JSON.stringify(item)))))).toEqual(ITEMS);
  });

  it.each(ITEMS)('are read as a version without bundles sends them: %j', (item) => {
    expect(readItems(received(singly(item)))).toEqual([item]);
  });
});
