import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { sharedData } from '@parley/testing';
import iconv from 'iconv-lite';
import { articleOf } from '../fixtures/parse.fixture.js';
import { parseDocument } from '../parse-document.js';

const paragraph = `<p>${'The lighthouse was built of grey granite, and its keeper counted ships. '.repeat(3)}</p>`;
const nav = '<nav><a href="/">Home</a> <a href="/shop">Shop</a></nav>';

describe('a web page', () => {
  it('is read as its article, under its title and with who wrote it and when', async () => {
    const head =
      '<title>Lighthouse</title><meta name="author" content="Grace Keeper"><meta property="article:published_time" content="2024-05-01">';
    const page = await articleOf(
      `<html lang="en"><head>${head}</head><body>${nav}<article>${paragraph.repeat(6)}</article></body></html>`,
    );
    expect(page).toMatchObject({
      contentType: 'text/html',
      language: 'en',
      article: { title: 'Lighthouse', byline: 'Grace Keeper', publishedAt: '2024-05-01T00:00:00.000Z' },
    });
    expect(page.texts.slice(0, 2)).toEqual(['Lighthouse', 'Grace Keeper · 2024-05-01']);
    expect(page.texts.join('\n')).toContain('grey granite');
    expect(page.texts.join('\n')).not.toContain('Shop');
  });

  it('that is no article is read as its main content, or as a whole', async () => {
    const main = await articleOf(`<title>Hours</title>${nav}<main><h1>Opening hours</h1><p>Nine to five.</main>`);
    expect(main).toMatchObject({ texts: ['Opening hours', 'Nine to five.'], article: { title: 'Hours' } });
    const whole = await articleOf('<title>Hours</title><p>Nine to five.');
    expect(whole.texts).toEqual(['Hours', 'Nine to five.']);
  });

  it('nested too deeply for the finder of articles is read as a whole', async () => {
    const page = await articleOf(`<title>Deep</title>${'<div>'.repeat(20_000)}${paragraph.repeat(6)}`);
    expect(page.texts.join('\n')).toContain('grey granite');
  });

  it('without text says so', async () => {
    await expect(articleOf('<script>only()</script>')).rejects.toMatchObject({ code: 'no_text' });
  });

  it('is decoded as the server says', async () => {
    const bytes = iconv.encode('<p>Привет, мир. Это обычный русский текст.', 'koi8-r');
    const texts: string[] = [];
    const request = { bytes, filename: 'page', contentType: 'text/html; charset="KOI8-R"', maxTextChars: 100_000 };
    await parseDocument(request, { block: ({ text }) => void texts.push(text) });
    expect(texts).toEqual(['Привет, мир. Это обычный русский текст.']);
  });
});

const pages = sharedData('documents/html');
const manifest = sharedData('documents/manifest.json');
if (!pages || !manifest) console.warn('Skipped: the test documents are not here (documents/html).');

(pages && manifest ? describe : describe.skip)('real pages', () => {
  const entries = manifest
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { path: string; phrase: string; kind: string }[])
    : [];
  const withoutSpaces = (text: string) => text.normalize('NFKC').replace(/\s+/g, '');

  it.each(entries.filter(({ kind }) => kind === 'html').map(({ path, phrase }) => [path, phrase]))(
    'of %s keep what they say',
    async (path, phrase) => {
      const { texts } = await articleOf(readFileSync(sharedData(path)!, 'utf8'));
      expect(withoutSpaces(texts.join('\n'))).toContain(withoutSpaces(phrase));
    },
  );
});
