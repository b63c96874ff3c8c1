import { describe, expect, it } from '@jest/globals';
import { IngestionError } from './ingestion-error.js';
import { type Block } from './parsed-document.js';
import { ResultDecoder, ResultEncoder } from './parser-protocol.js';

const HEADINGS = ['Top'];
const BLOCKS: Block[] = [
  { kind: 'heading', text: 'Top', level: 1, locator: { headings: HEADINGS } },
  { kind: 'table-row', text: 'a | «b»', header: 'x | y', locator: { headings: HEADINGS, page: 2 } },
  { kind: 'table-row', text: 'c | 日本', header: 'x | y', locator: { headings: HEADINGS, row: 3 } },
];

function encoded(blocks: readonly Block[]): Buffer {
  const pieces: string[] = [];
  const encoder = new ResultEncoder((piece) => pieces.push(piece));
  encoder.started();
  for (const block of blocks) encoder.block(block);
  encoder.done({ contentType: 'text/csv', pageCount: 2 });
  return Buffer.from(pieces.join(''));
}

describe('the answer of the parser process', () => {
  it('arrives as it was sent, wherever the pipe cuts it', () => {
    const bytes = encoded(BLOCKS);
    for (const size of [1, 2, 7, bytes.length]) {
      const decoder = new ResultDecoder(1_000);
      for (let start = 0; start < bytes.length; start += size) decoder.push(bytes.subarray(start, start + size));
      expect(decoder.document).toEqual({ blocks: BLOCKS, contentType: 'text/csv', pageCount: 2 });
    }
  });

  it('is no document before it is complete', () => {
    const decoder = new ResultDecoder(1_000);
    expect(decoder.isStarted).toBe(false);
    decoder.push(encoded(BLOCKS).subarray(0, -1));
    expect(decoder.isStarted).toBe(true);
    expect(decoder.document).toBeUndefined();
  });

  it('carries failures by their code, and unknown ones as a crash', () => {
    const fail = (error: IngestionError): void =>
      new ResultEncoder((piece) => new ResultDecoder(100).push(Buffer.from(piece))).error(error);
    expect(() => fail(new IngestionError('encrypted', 'No.'))).toThrow(
      expect.objectContaining({ code: 'encrypted', message: 'No.' }),
    );
    const unknown = Buffer.from('{"error":{"code":"made_up","message":"x"}}\n');
    expect(() => new ResultDecoder(100).push(unknown)).toThrow(expect.objectContaining({ code: 'parser_crashed' }));
  });

  it('is refused when it is larger than it may be, in blocks or in one endless line', () => {
    expect(() => new ResultDecoder(100).push(encoded(BLOCKS))).toThrow(expect.objectContaining({ code: 'too_large' }));
    const decoder = new ResultDecoder(100);
    expect(() => {
      for (let count = 0; count < 1_000; count++) decoder.push(Buffer.from('x'.repeat(1_000)));
    }).toThrow(expect.objectContaining({ code: 'too_large' }));
  });
});
