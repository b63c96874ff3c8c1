import { describe, expect, it } from '@jest/globals';
import { formatId } from '@parley/contracts';
import { type UiMessageBody, type UiPart } from './ui-chat.request.js';
import { chatMessages, storedMessageId, textOf, toolResults } from './ui-messages.js';

const STORED = '0198c0de-0000-7000-8000-00000000e55a';
const OTHER = '0198c0de-0000-7000-8000-00000000e55b';
const user = (...parts: UiPart[]): UiMessageBody => ({ id: 'u', role: 'user', parts });
const answer = (...parts: UiPart[]): UiMessageBody => ({ id: 'a', role: 'assistant', parts });
const text = (said: string): UiPart => ({ type: 'text', text: said });
const call = (toolCallId: string, fields: object): UiPart => ({
  ...{ type: 'tool-weather', toolCallId, input: { place: 'Oslo' } },
  ...fields,
});

describe('Messages of the AI SDK', () => {
  it('are texts, images and files as the model takes them', () => {
    const image = { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' };
    const pdf = {
      type: 'file',
      mediaType: 'application/pdf',
      url: 'data:application/pdf;base64,AA==',
      filename: 'a.pdf',
    };
    expect(chatMessages([user(text('One')), user(text('a'), text('b')), user(text('See'), image, pdf)])).toEqual([
      { role: 'user', content: 'One' },
      { role: 'user', content: 'a\nb' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image_url', image_url: { url: image.url } },
          { type: 'file', file: { file_data: pdf.url, filename: 'a.pdf' } },
        ],
      },
    ]);
    expect(textOf(user(text('a'), image, text('b')))).toBe('a\nb');
  });

  it('are an answer for each step, with its calls and their results behind it', () => {
    const done = call('c1', { state: 'output-available', output: { celsius: 7 } });
    const failed = {
      ...call('c2', { state: 'output-error', errorText: 'No such place.' }),
      type: 'dynamic-tool',
      toolName: 'geo',
    };
    const ours = call('c3', { state: 'output-available', providerExecuted: true });
    const step = { type: 'step-start' };
    const said = answer(
      step,
      text('Let me see.'),
      ours,
      done,
      failed,
      step,
      { type: 'reasoning', text: '…' },
      text('7 °C.'),
    );
    const called = (id: string, name: string) => ({
      id,
      type: 'function',
      function: { name, arguments: '{"place":"Oslo"}' },
    });
    expect(chatMessages([said])).toEqual([
      { role: 'assistant', content: 'Let me see.', toolCalls: [called('c1', 'weather'), called('c2', 'geo')] },
      { role: 'tool', content: '{"celsius":7}', toolCallId: 'c1' },
      { role: 'tool', content: 'No such place.', toolCallId: 'c2' },
      { role: 'assistant', content: '7 °C.' },
    ]);
  });

  it('add the results of their last step alone', () => {
    const done = (id: string) => call(id, { state: 'output-available', output: 'fine' });
    const step = { type: 'step-start' };
    const open = call('c3', { state: 'input-available' });
    expect(toolResults(answer(step, done('c1'), step, done('c2'), open))).toEqual([
      { role: 'tool', content: 'fine', toolCallId: 'c2' },
    ]);
    expect(toolResults(answer(step, done('c1'), step, text('Well.')))).toEqual([]);
  });

  it('are stored under the id in their metadata, else under their own', () => {
    const message = { ...answer(), id: formatId('message', STORED) };
    expect(storedMessageId(message)).toBe(STORED);
    const parley = { message_id: formatId('message', OTHER) };
    expect(storedMessageId({ ...message, metadata: { parley } })).toBe(OTHER);
    expect([storedMessageId(user()), storedMessageId({ ...user(), metadata: { parley: null } })]).toEqual([null, null]);
  });

  it.each([
    ['messages.0.parts', user()],
    ['messages.0.parts', user({ type: 'data-note', data: 1 })],
    ['messages.0.parts.0.text', user({ type: 'text' })],
    ['messages.0.parts.0.url', user({ type: 'file', mediaType: 'image/png' })],
  ])('that say nothing are refused: %s', (param, message) => {
    expect(() => chatMessages([message])).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });
});
