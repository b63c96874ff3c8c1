import { describe, expect, it } from '@jest/globals';
import { type ChatMessage } from '@parley/llm';
import { extendHistoryHash } from './history-hash.js';

const user = (content: ChatMessage['content']): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const hex = (messages: ChatMessage[]) => extendHistoryHash(null, messages)?.toString('hex');

describe('extendHistoryHash', () => {
  it('gives the same hash turn by turn as for the whole history', () => {
    const first = extendHistoryHash(null, [user('Hi'), assistant('Hello!')]);
    const second = extendHistoryHash(first, [user('How are you?'), assistant('Fine.')]);
    expect(second?.toString('hex')).toBe(
      hex([user('Hi'), assistant('Hello!'), user('How are you?'), assistant('Fine.')]),
    );
    expect(second).toHaveLength(32);
  });

  it('is null for a history without anything said', () => {
    expect(extendHistoryHash(null, [{ role: 'system', content: 'Be brief.' }])).toBeNull();
  });

  it.each([
    ['who said it', [user('Hi')], [assistant('Hi')]],
    ['what was said', [user('Hi')], [user('Ho')]],
    ['where a message ends', [user('ab'), user('c')], [user('a'), user('bc')]],
    [
      'what an image shows',
      [user([{ type: 'image_url', image_url: { url: 'data:a' } }])],
      [user([{ type: 'image_url', image_url: { url: 'data:b' } }])],
    ],
    [
      'which tool was called',
      [{ ...assistant(''), toolCalls: [{ id: '1', name: 'a', arguments: '{}' }] }],
      [{ ...assistant(''), toolCalls: [{ id: '1', name: 'b', arguments: '{}' }] }],
    ],
  ])('tells apart %s', (_what, one, other) => {
    expect(hex(one)).not.toBe(hex(other));
  });

  it.each([
    ['surrounding white space', [assistant(' Hi\n')], [assistant('Hi')]],
    ['one text part instead of a string', [user([{ type: 'text', text: 'Hi' }])], [user('Hi')]],
    ['instructions', [{ role: 'system', content: 'x' }, user('Hi')] as ChatMessage[], [user('Hi')]],
    ['results of tools', [user('Hi'), { role: 'tool', content: '42', toolCallId: '1' }] as ChatMessage[], [user('Hi')]],
  ])('does not mind %s', (_what, one, other) => {
    expect(hex(one)).toBe(hex(other));
  });
});
