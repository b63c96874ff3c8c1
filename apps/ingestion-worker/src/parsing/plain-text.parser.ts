import { type BlockWriter } from './block-writer.js';
import { type DocumentFacts, type DocumentSource } from './document-parser.js';
import { decodeText } from './encoding/decode-text.js';

/** Paragraphs are what blank lines and form feeds part. */
export function parsePlainText({ bytes }: DocumentSource, out: BlockWriter): DocumentFacts {
  const { text } = decodeText(bytes);
  let paragraph = '';
  for (const { line, end } of linesOf(text)) {
    if (line.trim() !== '') {
      paragraph += `${line}\n`;
    } else if (paragraph !== '') {
      out.write({ kind: 'paragraph', text: paragraph });
      out.progress(end, text.length);
      paragraph = '';
    }
  }
  out.write({ kind: 'paragraph', text: paragraph });
  return {};
}

/** Lines by any kind of line break; a form feed is a blank line. One at a time, because texts are long. */
function* linesOf(text: string): Generator<{ line: string; end: number }> {
  let start = 0;
  for (const { 0: lineBreak, index } of text.matchAll(/\r\n?|[\n\f]/g)) {
    yield { line: text.slice(start, index), end: index };
    if (lineBreak === '\f') yield { line: '', end: index };
    start = index + lineBreak.length;
  }
  if (start < text.length) yield { line: text.slice(start), end: text.length };
}
