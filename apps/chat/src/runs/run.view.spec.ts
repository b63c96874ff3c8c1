import { describe, expect, it } from '@jest/globals';
import { type MessageEntity } from '../conversations/message.entity.js';
import { type RunEntity } from './run.entity.js';
import { storedEvents } from './run.view.js';

const ORIGIN = { provider: 'openai', model: 'gpt-4o' };

function stored(run: Partial<RunEntity>, text: string | null) {
  const message = text === null ? null : { content: text, toolCalls: null, outline: null, annotations: [] };
  return { run: { ...ORIGIN, ...run } as RunEntity, message: message as unknown as MessageEntity | null };
}

describe('what is told of a run that has ended', () => {
  const text = (said: string) => ({ type: 'text', text: said });

  it('is what a listener has not heard, and the end', () => {
    const run = stored({ status: 'completed', outputExtent: 5, finishReason: 'stop' }, 'Hello');
    expect(storedEvents(run, 2)).toMatchObject([text('llo'), { type: 'completed', origin: ORIGIN }]);
    expect(storedEvents(run, 5)).toMatchObject([{ type: 'completed' }]);
    expect(storedEvents(run, 6)).toEqual([]);
  });

  it.each([
    { status: 'interrupted', type: 'failed' },
    { status: 'cancelled', type: 'cancelled' },
  ] as const)('is what was saved when its process died and it was $status', ({ status, type }) => {
    const run = stored({ status, outputExtent: null }, 'Hel');
    expect(storedEvents(run, 0)).toMatchObject([text('Hel'), { type }]);
    expect(storedEvents(run, 3)).toMatchObject([{ type }]);
    expect(storedEvents(stored({ status, outputExtent: null }, null), 0)).toMatchObject([{ type }]);
  });

  it('is not known when nothing was to be stored, or what was stored is gone', () => {
    for (const status of ['completed', 'cancelled', 'failed'] as const)
      expect(storedEvents(stored({ status, outputExtent: 5 }, null), 0)).toBeNull();
  });
});
