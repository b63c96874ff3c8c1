import { describe, expect, it } from '@jest/globals';
import { type ChatMessage } from '@parley/llm';
import { splitAtLastAnswer, splitInstructions, splitTurns, textOf, withoutDanglingCalls } from './turns.js';

const message = (role: ChatMessage['role'], content: string): ChatMessage => ({ role, content });
const system = message('system', 'Be brief.');
const question = message('user', 'Q');
const answer = message('assistant', 'A');
const call: ChatMessage = { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'f', arguments: '{}' }] };
const result: ChatMessage = { role: 'tool', content: '42', toolCallId: 'c1' };

describe('turns', () => {
  it('begin with each message of the user', () => {
    expect(splitTurns([question, call, result, answer, question])).toEqual([
      [question, call, result, answer],
      [question],
    ]);
  });

  it('keep a greeting that stands before the first question', () => {
    expect(splitTurns([answer, question])).toEqual([[answer], [question]]);
  });

  it('leave instructions out that stand before the talk', () => {
    expect(splitInstructions([system, question])).toEqual({ instructions: [system], talk: [question] });
    expect(splitInstructions([system])).toEqual({ instructions: [system], talk: [] });
  });

  it('are answered up to the last answer', () => {
    expect(splitAtLastAnswer([system, question, answer, question])).toEqual({
      answered: [question, answer],
      added: [question],
    });
    expect(splitAtLastAnswer([question, call, result])).toEqual({ answered: [question, call], added: [result] });
    expect(splitAtLastAnswer([question])).toEqual({ answered: [], added: [question] });
  });

  it('hold no call that nobody answered, and no answer to a call that is gone', () => {
    expect(withoutDanglingCalls([question, call, question])).toEqual([question, question]);
    expect(withoutDanglingCalls([result, question])).toEqual([question]);
    expect(withoutDanglingCalls([question, call, result, answer])).toEqual([question, call, result, answer]);
  });

  it('hold no answer without a word', () => {
    expect(withoutDanglingCalls([question, { role: 'assistant', content: '' }, question])).toEqual([
      question,
      question,
    ]);
  });

  it('have the text of their text parts', () => {
    const parts: ChatMessage['content'] = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'data:x' } },
    ];
    expect(textOf({ content: parts })).toBe('What is this?');
  });
});
