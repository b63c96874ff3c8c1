import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { CompletionBody } from './completion.request.js';
import { runRequest } from './run-request.js';

const UUID = '0198c0de-0000-7000-8000-00000000abcd';
const HEX = UUID.replaceAll('-', '');

const request = (fields: object) =>
  runRequest(
    plainToInstance(CompletionBody, { model: 'default', messages: [{ role: 'user', content: 'Hi' }], ...fields }),
  );

describe('runRequest', () => {
  it('keeps conversations and uses the default model unless told otherwise', () => {
    expect(request({})).toEqual({
      messages: [{ role: 'user', content: 'Hi' }],
      generation: {},
      store: true,
      metadata: {},
    });
  });

  it('takes an assistant’s id as the model, and every other name as the provider’s', () => {
    expect(request({ model: `asst_${HEX}` })).toMatchObject({ assistantId: UUID });
    expect(request({ model: 'gpt-4o' })).toMatchObject({ model: 'gpt-4o' });
    expect(() => request({ model: 'asst_nobody' })).toThrow(
      expect.objectContaining({ code: 'model_not_found', param: 'model' }),
    );
  });

  it('goes on with a conversation named by a field or among the metadata', () => {
    expect(request({ conversation_id: `conv_${HEX}` })).toMatchObject({ conversationId: UUID, metadata: {} });
    expect(request({ metadata: { conversation_id: `conv_${HEX}`, team: 'a' } })).toMatchObject({
      conversationId: UUID,
      metadata: { team: 'a' },
    });
    const unknown = expect.objectContaining({ code: 'not_found', param: 'conversation_id' });
    expect(() => request({ conversation_id: 'conv_1' })).toThrow(unknown);
  });

  it('treats null as absent', () => {
    const nulls = {
      temperature: null,
      stop: null,
      tools: null,
      tool_choice: null,
      metadata: null,
      store: null,
      stream: null,
    };
    expect(request(nulls)).toMatchObject({ generation: {}, store: true, metadata: {} });
  });

  it('passes the sampling on in our words', () => {
    const { generation } = request({
      temperature: 0,
      top_p: 0.5,
      max_tokens: 10,
      max_completion_tokens: 20,
      stop: 'END',
      seed: 0,
      presence_penalty: 1,
      frequency_penalty: -1,
      reasoning_effort: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: {}, strict: true } },
    });
    expect(generation).toEqual({
      temperature: 0,
      topP: 0.5,
      maxOutputTokens: 20,
      stop: ['END'],
      seed: 0,
      presencePenalty: 1,
      frequencyPenalty: -1,
      reasoningEffort: 'low',
      responseFormat: { type: 'json_schema', json_schema: { name: 'answer', schema: {}, strict: true } },
    });
  });

  it('lets the model search when it needs to, unless the search is chosen', () => {
    const tools = [{ type: 'file_search', vector_store_ids: [`vs_${HEX}`], mode: 'auto' }];
    const mode = (fields: object) => request({ tools, ...fields }).retrieval?.mode;
    expect(mode({})).toBe('auto');
    expect(mode({ tool_choice: { type: 'file_search' } })).toBe('always');
    expect(mode({ tool_choice: 'none' })).toBeUndefined();
    expect(request({ parallel_tool_calls: false }).generation).toEqual({ parallelToolCalls: false });
  });

  it('keeps content parts, tool calls and their results', () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
    const { messages } = request({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hi' },
            { type: 'image_url', image_url: { url: 'data:,' } },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'done' },
      ],
    });
    expect(JSON.parse(JSON.stringify(messages))).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi' },
          { type: 'image_url', image_url: { url: 'data:,' } },
        ],
      },
      { role: 'assistant', content: null, toolCalls: [call] },
      { role: 'tool', toolCallId: 'call_1', content: 'done' },
    ]);
  });
});

describe('tools of a request', () => {
  const search = {
    type: 'file_search',
    vector_store_ids: [`vs_${HEX}`],
    max_num_results: 3,
    ranking_options: { ranker: 'auto', score_threshold: 0 },
    filters: { type: 'eq', key: 'year', value: 2024 },
  };
  const tool = { type: 'function', function: { name: 'weather', parameters: {} } };

  it('turns file_search into retrieval and passes functions to the model', () => {
    expect(request({ tools: [search, tool], tool_choice: 'auto' })).toMatchObject({
      retrieval: {
        knowledgeBaseIds: [UUID],
        maxResults: 3,
        scoreThreshold: 0,
        filter: { type: 'eq', key: 'year', value: 2024 },
      },
      generation: { tools: [tool], toolChoice: 'auto' },
    });
  });

  it('says nothing of a choice to a model that has no functions', () => {
    expect(request({ tools: [search], tool_choice: 'required' }).generation).toEqual({});
    expect(request({ tools: [search, tool], tool_choice: { type: 'file_search' } }).generation).toEqual({
      tools: [tool],
    });
  });

  it('searches nothing when no tool may be used', () => {
    expect(request({ tools: [search], tool_choice: 'none' }).retrieval).toBeUndefined();
  });

  it('says which vector store does not exist', () => {
    const tools = [tool, { ...search, vector_store_ids: [`vs_${HEX}`, 'vs_other'] }];
    const fault = expect.objectContaining({ code: 'not_found', param: 'tools.1.vector_store_ids.1' });
    expect(() => request({ tools })).toThrow(fault);
  });

  it('takes one file_search only', () => {
    const fault = expect.objectContaining({ code: 'invalid_request', param: 'tools.1' });
    expect(() => request({ tools: [search, search] })).toThrow(fault);
  });
});
