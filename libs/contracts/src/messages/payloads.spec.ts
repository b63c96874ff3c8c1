import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { AddDocumentRequest } from './knowledge-bases.js';
import { ChatMessage, StartRunRequest } from './runs.js';
import { SearchRequest } from './search.js';

const ID = '0192f0c1-2d3e-7a4b-8c5d-6e7f80910a1b';

/** As a consumer receives it: what no decorator names is dropped, so a field without one would be lost on the way. */
function received<T extends object>(type: new () => T, sent: object): object {
  const instance = plainToInstance(type, JSON.parse(JSON.stringify(sent)));
  expect(validateSync(instance, { whitelist: true })).toEqual([]);
  return JSON.parse(JSON.stringify(instance));
}

describe('payloads arrive as they were sent', () => {
  it('StartRun with everything', () => {
    const sent = {
      runId: ID,
      assistantId: ID,
      model: 'm',
      conversationId: ID,
      messages: [
        { role: 'user', content: 'hello' },
        { role: 'user', content: [{ type: 'text', text: 'part' }] },
        {
          role: 'assistant',
          content: null,
          toolCalls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', content: 'result', toolCallId: 'c' },
      ],
      retrieval: {
        knowledgeBaseIds: [ID],
        maxResults: 3,
        scoreThreshold: 0.1,
        filter: { type: 'eq', key: 'k', value: 'v' },
      },
      generation: {
        temperature: 0.5,
        topP: 0.9,
        maxOutputTokens: 10,
        stop: ['x'],
        seed: 1,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        responseFormat: { type: 'json_object' },
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
        toolChoice: { type: 'function', function: { name: 'f' } },
        reasoningEffort: 'low',
      },
      store: true,
      metadata: { a: 'b' },
      streamAddress: 'queue',
    };
    expect(received(StartRunRequest, sent)).toEqual(sent);
  });

  it('Search with a nested filter', () => {
    const filter = {
      type: 'and',
      filters: [
        { type: 'in', key: 'k', value: [1, 2] },
        { type: 'ne', key: 'l', value: true },
      ],
    };
    const sent = { knowledgeBaseIds: [ID], queries: ['q'], maxResults: 5, scoreThreshold: 0.2, filter };
    expect(received(SearchRequest, sent)).toEqual(sent);
  });

  it('AddDocument with chunking', () => {
    const sent = {
      knowledgeBaseId: ID,
      fileId: ID,
      attributes: { year: 2026 },
      chunking: { maxChunkSizeTokens: 200, chunkOverlapTokens: 50 },
    };
    expect(received(AddDocumentRequest, sent)).toEqual(sent);
  });

  it('but not a message without content', () => {
    const errors = validateSync(plainToInstance(ChatMessage, { role: 'user', content: 5 }), { whitelist: true });
    expect(errors.map((error) => error.property)).toEqual(['content']);
  });
});
