import { textOfChunks } from '../ingestion-suite.js';

export interface ChaosDocument {
  filename: string;
  contentType: string;
  content: string;
}

/** Every so many documents one that cannot be read, which has to fail with its reason whatever happens around it. */
const BROKEN_EVERY = 10;
/** More chunks than one embedding request takes, so that a document is written in several steps. */
const LARGE_CHUNKS = 300;
const LARGE_EVERY = 8;

const KINDS: ((number: number, chunks: number) => ChaosDocument)[] = [
  (number, chunks) => ({ filename: `${number}.txt`, contentType: 'text/plain', content: marked(number, chunks) }),
  (number, chunks) => ({
    filename: `${number}.md`,
    contentType: 'text/markdown',
    content: `# Report ${number}\n\n${marked(number, chunks)}`,
  }),
  (number, chunks) => ({
    filename: `${number}.html`,
    contentType: 'text/html',
    content: `<html><body>${marked(number, chunks)
      .split('\n\n')
      .map((paragraph) => `<p>${paragraph}</p>`)
      .join('')}</body></html>`,
  }),
  (number, chunks) => ({
    filename: `${number}.csv`,
    contentType: 'text/csv',
    content: [
      'place,what',
      ...marked(number, chunks)
        .split('\n\n')
        .map((line, row) => `${row},"${line}"`),
    ].join('\n'),
  }),
];

const BROKEN: ((number: number) => ChaosDocument)[] = [
  (number) => ({ filename: `${number}.txt`, contentType: 'text/plain', content: ' '.repeat(number + 1) }),
  (number) => ({
    filename: `${number}.pdf`,
    contentType: 'application/pdf',
    content: `%PDF-1.7\n${number} is no document\n%%EOF`,
  }),
];

/** Files of several kinds and sizes, no two alike, some of which cannot be read. */
export function chaosDocuments(count: number): ChaosDocument[] {
  return Array.from({ length: count }, (_, number) => {
    if (number % BROKEN_EVERY === BROKEN_EVERY - 1)
      return BROKEN[Math.floor(number / BROKEN_EVERY) % BROKEN.length]!(number);
    const chunks = number % LARGE_EVERY === 0 ? LARGE_CHUNKS : 3 + (number % 17);
    return KINDS[number % KINDS.length]!(number, chunks);
  });
}

function marked(number: number, chunks: number): string {
  return `Number ${number}.\n\n${textOfChunks(chunks)}`;
}
