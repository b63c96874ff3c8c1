import { describe, expect, it } from '@jest/globals';
import { type ChatMessage, countTokens } from '@parley/llm';
import { extractiveSummary, summaryPrompt } from './summary.js';

const turn = (question: string, answer: string): ChatMessage[] => [
  { role: 'user', content: question },
  { role: 'assistant', content: answer },
];
const limits = { maxTokens: 60, countTokens: (text: string) => countTokens(text) };

describe('extractiveSummary', () => {
  it('keeps how questions and answers begin, behind what was kept before', () => {
    const summary = extractiveSummary('User: I am Ada.', [turn('Who am I? Tell me.', 'You are Ada. I think.')], limits);
    expect(summary).toBe('User: I am Ada.\nUser: Who am I?\nAssistant: You are Ada.');
  });

  it('leaves out the earliest where there is too much, and never exceeds its tokens', () => {
    const turns = Array.from({ length: 50 }, (_, index) => turn(`Question ${index}?`, 'word '.repeat(500)));
    const summary = extractiveSummary(null, turns, { ...limits, maxTokens: 200 });
    expect(countTokens(summary)).toBeLessThanOrEqual(200);
    expect(summary).toContain('Question 49?');
    expect(summary).not.toContain('Question 0?');
  });

  it('says nothing of calls of tools and their results', () => {
    const messages: ChatMessage[] = [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'weather', arguments: '{}' }] },
      { role: 'tool', content: 'rain', toolCallId: '1' },
    ];
    expect(extractiveSummary(null, [messages], limits)).toBe('User: Weather?');
  });
});

describe('summaryPrompt', () => {
  it('takes up the earlier summary, and of each message no more than its share', () => {
    const [, asked] = summaryPrompt('They met.', [turn('word '.repeat(1_000), 'Yes.')], 50);
    expect(asked!.content).toMatch(/^Earlier summary:\nThey met\.\n\nConversation since then:\nuser: word /);
    expect(countTokens(asked!.content as string)).toBeLessThan(100);
  });
});
