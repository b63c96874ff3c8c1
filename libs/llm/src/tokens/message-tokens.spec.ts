import { describe, expect, it } from '@jest/globals';
import { countMessageTokens, countRequestTokens } from './message-tokens.js';

describe('message tokens', () => {
  it('are those of OpenAI’s published example', () => {
    const messages = [
      {
        role: 'system' as const,
        content: 'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
      },
      {
        role: 'system' as const,
        name: 'example_user',
        content: 'New synergies will help drive top-line growth.',
      },
      {
        role: 'system' as const,
        name: 'example_assistant',
        content: 'Things working well together will increase revenue.',
      },
      {
        role: 'system' as const,
        name: 'example_user',
        content: "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
      },
      {
        role: 'system' as const,
        name: 'example_assistant',
        content: "Let's talk later when we're less busy about how to do better.",
      },
      {
        role: 'user' as const,
        content: "This late pivot means we don't have time to boil the ocean for the client deliverable.",
      },
    ];

    expect(countMessageTokens(messages, 'gpt-4')).toBe(129);
    expect(countMessageTokens(messages, 'gpt-4o')).toBe(124);
  });

  it('count every part of a message and the tools of a request', () => {
    const parts = [{ type: 'text' as const, text: 'What is this?' }];
    const picture = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AAAA' } };
    const text = countMessageTokens([{ role: 'user', content: parts }]);

    expect(text).toBe(countMessageTokens([{ role: 'user', content: 'What is this?' }]));
    expect(countMessageTokens([{ role: 'user', content: [...parts, picture] }])).toBeGreaterThan(text + 500);
    const call = { id: 'c', name: 'search', arguments: '{"query":"x"}' };
    expect(countMessageTokens([{ role: 'assistant', content: '', toolCalls: [call] }])).toBeGreaterThan(
      countMessageTokens([{ role: 'assistant', content: '' }]) + 3,
    );
    const request = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: parts }] };
    const tools = [{ type: 'function' as const, function: { name: 'search', description: 'Searches the documents.' } }];
    expect(countRequestTokens({ ...request, tools })).toBeGreaterThan(countRequestTokens(request) + 5);
  });
});
