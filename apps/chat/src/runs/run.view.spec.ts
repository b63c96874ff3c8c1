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
    expect(storedEvents(run, 2)).toMatchObject({ events: [text('llo'), { type: 'completed', origin: ORIGIN }] });
    expect(storedEvents(run, 5)).toMatchObject({ events: [{ type: 'completed' }] });
    for (const after of [6, 9]) expect(storedEvents(run, after)).toEqual({ events: [] });
  });

  it.each([
    { status: 'interrupted', type: 'failed' },
    { status: 'cancelled', type: 'cancelled' },
  ] as const)('is what was saved when its process died and it was $status', ({ status, type }) => {
    const run = stored({ status, outputExtent: null }, 'Hel');
    expect(storedEvents(run, 0)).toMatchObject({ events: [text('Hel'), { type }] });
    expect(storedEvents(run, 3)).toMatchObject({ events: [{ type }] });
    // A listener who has heard more than was saved is told the end all the same, and once.
    expect(storedEvents(run, 20)).toMatchObject({ events: [{ type }], from: 3 });
    expect(storedEvents(run, 4)).toEqual({ events: [] });
    expect(storedEvents(stored({ status, outputExtent: null }, null), 0)).toMatchObject({ events: [{ type }] });
  });

  it('is not known when nothing was to be stored, or what was stored is gone', () => {
    for (const status of ['completed', 'cancelled', 'failed'] as const)
      expect(storedEvents(stored({ status, outputExtent: 5 }, null), 0)).toBeNull();
  });
});
