import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type StreamItem, StreamReader, type StreamReaderOptions } from './stream-reader.js';

function openReader(options: Partial<StreamReaderOptions> = {}) {
  const onClosed = jest.fn();
  const reader = new StreamReader<string>('s1', { idleTimeoutMs: 1_000, maxBuffered: 10, ...options }, onClosed);
  const receive = (seq: number, item: string) => reader.receive(seq, { item, isLast: false });
  const end = (seq: number) => reader.receive(seq, { isLast: true });
  return { reader, receive, end, onClosed };
}

async function readAll(reader: StreamReader<string>): Promise<{ items: string[]; failure?: unknown }> {
  const items: string[] = [];
  try {
    for await (const { data } of reader) items.push(data);
    return { items };
  } catch (failure) {
    return { items, failure };
  }
}

describe('StreamReader', () => {
  afterEach(() => void jest.useRealTimers());

  it('yields numbered items in order, those that came before and after the reading began', async () => {
    const { reader, receive, end } = openReader();
    receive(1, 'a');
    const seen: StreamItem<string>[] = [];
    const reading = (async () => {
      for await (const item of reader) seen.push(item);
    })();
    receive(2, 'b');
    end(3);
    await reading;
    expect(seen).toEqual([
      { seq: 1, data: 'a' },
      { seq: 2, data: 'b' },
    ]);
  });

  it('ends with the item that carries the end marker', async () => {
    const { reader, receive } = openReader();
    receive(1, 'a');
    reader.receive(2, { item: 'b', isLast: true });
    await expect(readAll(reader)).resolves.toEqual({ items: ['a', 'b'] });
  });

  it('throws after the last good item when one is missing', async () => {
    const { reader, receive, onClosed } = openReader();
    receive(1, 'a');
    receive(3, 'c');
    receive(2, 'b');
    await expect(readAll(reader)).resolves.toEqual({
      items: ['a'],
      failure: expect.objectContaining({ code: 'stream_interrupted' }),
    });
    expect(onClosed).toHaveBeenCalledTimes(1);
  });

  it('throws when the first item is missing', async () => {
    const { reader, receive } = openReader();
    receive(2, 'b');
    await expect(reader.next()).rejects.toMatchObject({ code: 'stream_interrupted' });
  });

  it('ignores repeated items', async () => {
    const { reader, receive, end } = openReader();
    receive(1, 'a');
    receive(1, 'a');
    end(2);
    await expect(readAll(reader)).resolves.toEqual({ items: ['a'] });
  });

  it('throws when a slow reader lets the buffer overflow', async () => {
    const { reader, receive } = openReader({ maxBuffered: 2 });
    for (const [index, item] of ['a', 'b', 'c', 'd'].entries()) receive(index + 1, item);
    await expect(readAll(reader)).resolves.toEqual({
      items: ['a', 'b'],
      failure: expect.objectContaining({ code: 'stream_interrupted' }),
    });
  });

  it('throws when the writer falls silent, and every item starts the clock anew', async () => {
    jest.useFakeTimers();
    const { reader, receive, onClosed } = openReader({ idleTimeoutMs: 100 });
    jest.advanceTimersByTime(90);
    receive(1, 'a');
    jest.advanceTimersByTime(90);
    expect(onClosed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(10);
    expect(onClosed).toHaveBeenCalled();
    await expect(reader.next()).resolves.toMatchObject({ value: { data: 'a' } });
    await expect(reader.next()).rejects.toMatchObject({ code: 'stream_interrupted' });
    await expect(reader.next()).resolves.toMatchObject({ done: true });
  });

  it('throws the reason of its signal', async () => {
    const controller = new AbortController();
    const { reader } = openReader({ signal: controller.signal });
    const next = reader.next();
    controller.abort(new Error('client left'));
    await expect(next).rejects.toThrow('client left');
    const late = openReader({ signal: controller.signal });
    await expect(late.reader.next()).rejects.toThrow('client left');
  });

  it('is closed by leaving the loop and takes nothing more', async () => {
    const { reader, receive, onClosed } = openReader();
    receive(1, 'a');
    for await (const { data } of reader) {
      expect(data).toBe('a');
      break;
    }
    receive(2, 'b');
    expect(onClosed).toHaveBeenCalledTimes(1);
    await expect(readAll(reader)).resolves.toEqual({ items: [] });
  });
});
