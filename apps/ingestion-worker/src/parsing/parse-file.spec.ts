import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { docxFile, paragraph, part } from './fixtures/docx-file.fixture.js';
import { column, pdfFile, textPdf } from './fixtures/pdf-file.fixture.js';
import { readInProcess, type ReadDocument } from './fixtures/parse-file.fixture.js';
import { type ParseLimits } from './parsed-document.js';

const SLOW_MARKDOWN = '- *a* [b](c) `d` **e** | f\n'.repeat(150_000);
const TIMEOUT_MS = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-parse-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function parse(
  content: string | Buffer,
  filename: string,
  { signal, ...limits }: Partial<ParseLimits> & { signal?: AbortSignal } = {},
): Promise<ReadDocument> {
  const path = join(folder, `${Math.random()}`);
  await writeFile(path, content);
  return readInProcess({ path, filename, signal }, limits);
}

describe('parseFile', () => {
  it('returns blocks with their headings, and what the document says of itself', async () => {
    const html = '<html lang="de"><title>x</title><h1>Häfen</h1><p>Kiel</p><p>Bremen</p>';
    expect(await parse(html, 'a.html')).toEqual({
      contentType: 'text/html',
      language: 'de',
      blocks: [
        { kind: 'heading', level: 1, text: 'Häfen', locator: { headings: ['Häfen'] } },
        { kind: 'paragraph', text: 'Kiel', locator: { headings: ['Häfen'] } },
        { kind: 'paragraph', text: 'Bremen', locator: { headings: ['Häfen'] } },
      ],
    });
  });

  it('hands over large documents whole', async () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `Paragraph ${index} «ünïcode» 日本`);
    const { blocks } = await parse(lines.join('\n\n'), 'a.txt');
    expect(blocks.map(({ text }) => text)).toEqual(lines);
  });

  it('reads by the declared type when the name says nothing', async () => {
    const path = join(folder, 'nameless');
    await writeFile(path, '# Top');
    const input = { path, filename: 'nameless', contentType: 'text/markdown' };
    expect(await readInProcess(input)).toMatchObject({
      contentType: 'text/markdown',
      blocks: [{ kind: 'heading' }],
    });
  });

  it('reports why a document cannot be read', async () => {
    await expect(parse('', 'a.txt')).rejects.toMatchObject({ name: 'IngestionError', code: 'no_text' });
    await expect(parse('x', 'a.pdf')).rejects.toMatchObject({ code: 'corrupt' });
    await expect(parse('x', '\0"; $(touch /tmp/x) .exe')).rejects.toMatchObject({ code: 'unsupported' });
  });

  it(
    'says so when a document is nested beyond what its parser can bear',
    async () => {
      await expect(parse('>'.repeat(20_000), 'a.md')).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringContaining('nested'),
      });
    },
    TIMEOUT_MS,
  );

  it('refuses files and texts above the limits', async () => {
    await expect(parse('x'.repeat(100), 'a.txt', { maxFileBytes: 99 })).rejects.toMatchObject({ code: 'too_large' });
    await expect(parse('word '.repeat(1_000), 'a.txt', { maxTextChars: 4_000 })).rejects.toMatchObject({
      code: 'too_large',
    });
    await expect(parse('word '.repeat(20_000), 'a.txt', { maxSpoolBytes: 50_000 })).rejects.toMatchObject({
      code: 'too_large',
    });
  });

  it('refuses a PDF of more pages than are read', async () => {
    const page = column(['Some text.']);
    await expect(parse(textPdf([page, page, page]), 'a.pdf', { maxPages: 2 })).rejects.toMatchObject({
      code: 'too_large',
      message: 'The PDF has 3 pages, and no more than 2 are read. Split it into smaller files.',
    });
    expect((await parse(textPdf([page, page]), 'a.pdf', { maxPages: 2 })).pageCount).toBe(2);
  });

  it(
    'stops a document that needs too much memory',
    async () => {
      await expect(parse(SLOW_MARKDOWN, 'a.md', { maxMemoryMb: 48 })).rejects.toMatchObject({ code: 'too_large' });
    },
    TIMEOUT_MS,
  );

  it(
    'stops a document that needs too much processor time',
    async () => {
      await expect(parse(SLOW_MARKDOWN, 'a.md', { maxCpuSeconds: 1 })).rejects.toMatchObject({ code: 'timeout' });
    },
    TIMEOUT_MS,
  );

  it('stops a document that takes too long', async () => {
    await expect(parse(SLOW_MARKDOWN, 'a.md', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
  });

  it('stops at once when it is aborted', async () => {
    const controller = new AbortController();
    const parsing = parse(SLOW_MARKDOWN, 'a.md', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('cancelled')), 200);
    await expect(parsing).rejects.toThrow('cancelled');
    await expect(parse('x', 'a.txt', { signal: controller.signal })).rejects.toThrow('cancelled');
  });

  it('leaves failures of the machine, not of the document, to be tried again', async () => {
    const missing = readInProcess({ path: join(folder, 'missing'), filename: 'a.txt' });
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('reads several documents at the same time', async () => {
    const documents = await Promise.all(['one', 'two', 'three', 'four'].map((text) => parse(text, 'a.txt')));
    expect(documents.map(({ blocks }) => blocks[0]?.text)).toEqual(['one', 'two', 'three', 'four']);
  });
});

describe('a document that refers to the outside', () => {
  let server: Server;
  let requests = 0;
  let origin: string;
  beforeAll(async () => {
    server = createServer((_, response) => {
      requests++;
      response.end('fetched');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('is read without fetching anything', async () => {
    const entity = part('document', `<w:body>${paragraph('&outside;')}</w:body>`).replace(
      '?>',
      `?><!DOCTYPE w SYSTEM "${origin}/dtd" [<!ENTITY outside SYSTEM "${origin}/entity">]>`,
    );
    const html = `<base href="${origin}"><link rel=stylesheet href=x><script src=x></script><iframe src=x></iframe><img src=x><p>text`;
    const pdf = pdfFile([
      `<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /URI /URI (${origin}) >> >>`,
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      `<< /Type /Page /Parent 2 0 R /Contents 4 0 R /MediaBox [0 0 9 9] >>`,
      `<< /Length 0 /F << /FS /URL /F (${origin}) >> >>\nstream\n\nendstream`,
    ]);
    const outcomes = await Promise.allSettled([
      parse(docxFile(entity), 'a.docx'),
      parse(docxFile(`${paragraph('x')}<w:altChunk r:id="r9" xmlns:r="urn:x"/>`), 'a.docx'),
      parse(html, 'a.html'),
      parse(`![x](${origin}/a.png)\n\n<img src="${origin}">\n\ntext`, 'a.md'),
      parse(pdf, 'a.pdf'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect(requests).toBe(0);
  });
});
