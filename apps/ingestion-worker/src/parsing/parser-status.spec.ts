import { describe, expect, it } from '@jest/globals';
import { IngestionError } from './ingestion-error.js';
import { StatusReader, StatusWriter } from './parser-status.js';

function said(say: (writer: StatusWriter) => void): Buffer {
  const lines: string[] = [];
  say(new StatusWriter((line) => lines.push(line)));
  return Buffer.from(lines.join(''));
}

const PARSED = { contentType: 'text/csv', pageCount: 2, language: 'zh' };

describe('what the parser process says', () => {
  it('arrives as it was said, wherever the pipe cuts it', () => {
    const bytes = said((writer) => {
      writer.started();
      writer.progress(0.25);
      writer.done(PARSED);
    });
    for (const size of [1, 2, 7, bytes.length]) {
      const shares: number[] = [];
      const reader = new StatusReader((share) => shares.push(share));
      for (let start = 0; start < bytes.length; start += size) reader.push(bytes.subarray(start, start + size));
      expect([reader.isStarted, reader.parsed, shares]).toEqual([true, PARSED, [0.25]]);
    }
  });

  it('is no answer before it is complete', () => {
    const reader = new StatusReader();
    expect(reader.isStarted).toBe(false);
    reader.push(said((writer) => (writer.started(), writer.done(PARSED))).subarray(0, -1));
    expect(reader.isStarted).toBe(true);
    expect(reader.parsed).toBeUndefined();
  });

  it('tells of progress only as often as is of use', () => {
    const bytes = said((writer) => {
      for (let done = 0; done <= 100_000; done++) writer.progress(done / 100_000);
    });
    expect(bytes.length).toBeLessThan(1_000);
  });

  it('carries failures by their code, and unknown ones as a crash', () => {
    const encrypted = said((writer) => writer.error(new IngestionError('encrypted', 'No.')));
    expect(() => new StatusReader().push(encrypted)).toThrow(
      expect.objectContaining({ code: 'encrypted', message: 'No.' }),
    );
    const unknown = Buffer.from('{"error":{"code":"made_up","message":"x"}}\n');
    expect(() => new StatusReader().push(unknown)).toThrow(expect.objectContaining({ code: 'parser_crashed' }));
  });

  it('is refused when it never ends', () => {
    const reader = new StatusReader();
    expect(() => {
      for (let count = 0; count < 2_000; count++) reader.push(Buffer.from('x'.repeat(1_000)));
    }).toThrow('says too much');
  });
});
