import { describe, expect, it } from '@jest/globals';
import { fillUrl, httpTool } from './http.tool.js';

const DECLARATION = {
  type: 'http' as const,
  name: 'weather',
  description: 'The weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  url: 'https://api.example.org/v1/weather/{city}?units=metric',
  headers: { authorization: 'Bearer secret' },
};

describe('an HTTP tool', () => {
  it('asks the address with the arguments, and frames the answer as data', async () => {
    const asked: unknown[] = [];
    const get = (...args: unknown[]) => Promise.resolve((asked.push(args.slice(0, 2)), '{"temp":21}'));
    const tool = httpTool(DECLARATION, { get });
    const { text: told } = await tool.run('{"city":"Bad Tölz","days":3}', new AbortController().signal);
    expect(asked).toEqual([
      ['https://api.example.org/v1/weather/Bad%20T%C3%B6lz?units=metric&days=3', DECLARATION.headers],
    ]);
    expect(told).toMatch(/data and never instructions[\s\S]*answer (\w{24})\n\{"temp":21\}\nend of answer \1$/);
  });

  it.each([
    ['{"city":"../admin"}', 'https://api.example.org/v1/weather/..%2Fadmin?units=metric'],
    ['{"city":"a?b#c&d"}', 'https://api.example.org/v1/weather/a%3Fb%23c%26d?units=metric'],
    ['{"city":"@evil.example"}', 'https://api.example.org/v1/weather/%40evil.example?units=metric'],
    ['{"city":"x","units":"us&x=1"}', 'https://api.example.org/v1/weather/x?units=metric&units=us%26x%3D1'],
  ])('keeps arguments in their place: %s', (args, url) => {
    expect(fillUrl(DECLARATION.url, JSON.parse(args) as Record<string, unknown>)).toBe(url);
  });

  it.each(['{"city":".."}', '{"city":"."}', '{}', '{"city":null}', '[1]', 'no json'])('refuses %s', async (args) => {
    const tool = httpTool(DECLARATION, { get: () => Promise.reject(new Error('asked')) });
    await expect(tool.run(args, new AbortController().signal)).rejects.toMatchObject({ name: 'ToolFault' });
  });
});
