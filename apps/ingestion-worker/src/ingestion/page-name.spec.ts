import { describe, expect, it } from '@jest/globals';
import { CONTENT_TYPES } from '../parsing/document-kind.js';
import { pageFilename, parserFilename } from './page-name.js';

const HTML = CONTENT_TYPES.html;

describe('parserFilename', () => {
  it.each([
    ['https://a.example/README.md', 'text/plain; charset=utf-8', 'README.md'],
    ['https://a.example/data%20set.csv?raw=1', 'application/octet-stream', 'data set.csv'],
    ['https://a.example/notes', 'text/plain', 'page.txt'],
    ['https://a.example/v1.2', 'text/plain', 'page.txt'],
    ['https://a.example/report.pdf', 'text/html', 'page'],
    ['https://a.example/download.php', 'application/pdf', 'page'],
    ['https://a.example/%E0%A4%A', '', 'page'],
  ])('of %s as %j is %s', (url, contentType, expected) => {
    expect(parserFilename(new URL(url), contentType)).toBe(expected);
  });
});

describe('pageFilename', () => {
  it.each([
    ['https://a.example/x', HTML, 'Node.js 24.1 / what is new', 'Node.js 24.1 what is new.html'],
    ['https://a.example/x', HTML, undefined, 'a.example.html'],
    ['https://a.example/x', HTML, '...', 'a.example.html'],
    ['https://a.example/files/annual%20report.PDF', CONTENT_TYPES.pdf, undefined, 'annual report.pdf'],
    ['https://a.example/download', CONTENT_TYPES.docx, undefined, 'download.docx'],
    ['https://a.example/', CONTENT_TYPES.txt, undefined, 'a.example.txt'],
    ['https://a.example/..%2F..%2Fetc', CONTENT_TYPES.txt, undefined, '.. .. etc.txt'],
  ])('of %s is told by what it is', (url, contentType, title, expected) => {
    const article = title === undefined ? {} : { article: { title } };
    expect(pageFilename(new URL(url), { contentType, ...article })).toBe(expected);
  });

  it('is never endless', () => {
    const name = pageFilename(new URL('https://a.example/'), {
      contentType: HTML,
      article: { title: 'x'.repeat(999) },
    });
    expect(name.length).toBeLessThanOrEqual(205);
  });
});
