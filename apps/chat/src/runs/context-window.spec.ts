import { describe, expect, it } from '@jest/globals';
import { type ChatMessage, countMessageTokens } from '@parley/llm';
import { somePassage } from '../fixtures/samples.js';
import { fitToWindow, type WindowContents, type WindowLimits } from './context-window.js';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const turn = (number: number) => [user(`question ${number}`), assistant(`answer ${number}`)];

/** One token per message, so that specs can count. */
const oneEach = (messages: ChatMessage[]) => messages.length;

function fit(contents: Partial<WindowContents>, limits: Partial<WindowLimits>) {
  return fitToWindow(
    { instructions: [], passages: null, summary: null, talk: [user('newest')], ...contents },
    { contextTokens: 1_000, reservedTokens: 0, maxTurns: 10, countTokens: oneEach, ...limits },
  );
}

describe('fitToWindow', () => {
  it('remembers the last turns, no more than it is told to', () => {
    const talk = [...turn(1), ...turn(2), ...turn(3), user('newest')];
    expect(fit({ talk }, { maxTurns: 2 }).history).toEqual([...turn(2), ...turn(3)]);
    expect(fit({ talk }, { maxTurns: 0 }).history).toEqual([]);
  });

  it('prefers the summary of what is forgotten to the turns behind it', () => {
    const summary: ChatMessage = { role: 'system', content: 'In short: …' };
    const talk = [...turn(1), ...turn(2), user('newest')];
    expect(fit({ summary, talk }, { contextTokens: 4 })).toMatchObject({ summary, history: turn(2) });
    expect(fit({ summary, talk }, { contextTokens: 1 })).toMatchObject({ summary: null, history: [] });
  });

  it('drops whole turns, the oldest first, when they do not fit', () => {
    const talk = [...turn(1), ...turn(2), ...turn(3), user('newest')];
    const fitted = fit({ talk }, { contextTokens: 6 });
    expect(fitted.history).toEqual([...turn(2), ...turn(3)]);
    expect(fitted.newest).toEqual([user('newest')]);
  });

  it('keeps room for the answer', () => {
    const talk = [...turn(1), user('newest')];
    expect(fit({ talk }, { contextTokens: 10, reservedTokens: 7 }).history).toEqual(turn(1));
    expect(fit({ talk }, { contextTokens: 10, reservedTokens: 8 }).history).toEqual([]);
  });

  it('prefers passages to history, the best ones first', () => {
    const passages = [somePassage(), somePassage(), somePassage()];
    const fitted = fit({ passages, talk: [...turn(1), user('newest')] }, { contextTokens: 153 });
    expect(fitted.passages).toEqual(passages.slice(0, 2));
    expect(fitted.history).toEqual([]);
  });

  it('tells a search that found nothing from none at all', () => {
    expect(fit({ passages: [] }, {}).passages).toEqual([]);
    expect(fit({ passages: null }, {}).passages).toBeNull();
  });

  it('never separates the call of a tool from its question', () => {
    const newest: ChatMessage[] = [
      user('weather?'),
      { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'weather', arguments: '{}' }] },
      { role: 'tool', content: 'rain', toolCallId: '1' },
    ];
    expect(fit({ talk: [...turn(1), ...newest] }, { contextTokens: 3 })).toMatchObject({ history: [], newest });
  });

  it('refuses a message that does not fit, saying how long it is', () => {
    const talk = [user('word '.repeat(500))];
    const countTokens = (messages: ChatMessage[]) => countMessageTokens(messages, 'gpt-4');
    expect(() => fit({ talk }, { contextTokens: 600, reservedTokens: 200, countTokens })).toThrow(
      expect.objectContaining({
        code: 'context_length_exceeded',
        message: expect.stringMatching(/5\d\d tokens.*600.*200/),
      }),
    );
  });

  it('counts real tokens', () => {
    const talk = [user('word '.repeat(300)), assistant('yes'), ...turn(2), user('newest')];
    const countTokens = (messages: ChatMessage[]) => countMessageTokens(messages, 'gpt-4');
    expect(fit({ talk }, { contextTokens: 200, countTokens }).history).toEqual(turn(2));
  });
});
