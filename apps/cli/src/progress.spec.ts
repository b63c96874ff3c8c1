import { describe, expect, it } from '@jest/globals';
import { formatBytes, Progress } from './progress.js';

describe('Progress', () => {
  const draw = (isWatched: boolean) => {
    let [shown, now] = ['', 1_000];
    const terminal = {
      environment: {},
      out: () => undefined,
      err: (text: string) => void (shown += text),
      isWatched,
      exitWith: () => undefined,
    };
    return { progress: new Progress(terminal, () => now), shown: () => shown, pass: (ms: number) => void (now += ms) };
  };

  it('draws a bar on a terminal, not more often than anybody sees, and takes it away', () => {
    const { progress, shown, pass } = draw(true);
    progress.update('files', 1, 4);
    progress.update('files', 2, 4);
    expect(shown()).toMatch(/files \[#{6}\.{18}\] 1 of 4$/);
    pass(150);
    progress.update('files', 3, 4);
    expect(shown()).toMatch(/3 of 4$/);
    progress.clear();
    expect(shown()).toMatch(/\r\u001b\[2K$/);
  });

  it('draws nothing where nobody watches', () => {
    const { progress, shown } = draw(false);
    progress.update('files', 4, 4);
    progress.clear();
    expect(shown()).toBe('');
  });

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [5 * 2 ** 40, '5.0 TiB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});
