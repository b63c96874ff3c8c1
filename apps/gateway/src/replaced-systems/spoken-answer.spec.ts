import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { type AudioEvent, SpokenAnswer } from './spoken-answer.js';

Logger.overrideLogger(false);

const audioOf = (text: string): AsyncIterable<Uint8Array> => ({
  async *[Symbol.asyncIterator]() {
    for (const half of [text.slice(0, 3), text.slice(3)]) yield Promise.resolve(Buffer.from(half));
  },
});
const base64 = (text: string) => Buffer.from(text).toString('base64');

function start(speak: (text: string) => Promise<AsyncIterable<Uint8Array>> = (text) => Promise.resolve(audioOf(text))) {
  const voice = new SpokenAnswer(speak);
  const events: AudioEvent[] = [];
  const done = voice.tell((event) => Promise.resolve(void events.push(event)));
  const texts = () => events.map((event) => (event.type === 'audio' ? event.text : event.type));
  return { voice, events, done, texts };
}

describe('SpokenAnswer', () => {
  it('reads sentence by sentence, in order, whatever pieces the text comes in', async () => {
    const { voice, events, done } = start();
    for (const piece of ['It lasts ', 'two years. Not', ' three! And', ' so on']) voice.write(piece);
    voice.end();
    await done;
    expect(events).toEqual(
      ['It lasts two years.', 'Not three!', 'And so on'].map((text, index) => ({
        ...{ type: 'audio', index, text, format: 'mp3', data: base64(text) },
      })),
    );
  });

  it('begins while the text is still being written', async () => {
    const asked = Promise.withResolvers<string>();
    const { voice, done } = start((text) => {
      asked.resolve(text);
      return Promise.resolve(audioOf(text));
    });
    voice.write('First. Sec');
    expect(await asked.promise).toBe('First.');
    voice.end();
    await done;
  });

  it('reads a bounded part of a long answer, and long sentences in parts', async () => {
    const { voice, events, done, texts } = start();
    for (let count = 0; count < 30; count++) voice.write('x'.repeat(1_000));
    voice.end();
    await done;
    expect(events.length).toBe(5);
    expect(texts().join('')).toHaveLength(20_000);
  });

  it('falls silent when the voice fails, says so once, and never fails itself', async () => {
    const { voice, done, texts } = start(() => Promise.reject(new DomainError('timeout', 'Too slow.')));
    voice.write('One. Two. Three.');
    voice.end();
    await done;
    expect(texts()).toEqual(['audio_error']);
  });

  it('ends at once when nobody listens any more', async () => {
    const { voice, done, texts } = start();
    voice.stop();
    await done;
    expect(texts()).toEqual([]);
  });
});
