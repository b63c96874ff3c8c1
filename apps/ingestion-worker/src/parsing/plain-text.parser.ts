import { type BlockWriter } from './block-writer.js';
import { type DocumentFacts, type DocumentSource } from './document-parser.js';
import { decodeText } from './encoding/decode-text.js';

/** Paragraphs are what blank lines and form feeds part. */
export function parsePlainText({ bytes }: DocumentSource, out: BlockWriter): DocumentFacts {
  const { text } = decodeText(bytes);
  let paragraph = '';
  for (const line of linesOf(text.replace(/\r\n?/g, '\n').replaceAll('\f', '\n\n'))) {
    if (line.trim() !== '') {
      paragraph += `${line}\n`;
    } else if (paragraph !== '') {
      out.write({ kind: 'paragraph', text: paragraph });
      paragraph = '';
    }
  }
  out.write({ kind: 'paragraph', text: paragraph });
  return {};
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const lineFeed = text.indexOf('\n', start);
    const end = lineFeed < 0 ? text.length : lineFeed;
    yield text.slice(start, end);
    start = end + 1;
  }
}
