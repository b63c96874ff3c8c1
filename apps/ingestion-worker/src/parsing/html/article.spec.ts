import { describe, expect, it } from '@jest/globals';
import { parse } from 'parse5';
import { findArticle, mainContent } from './article.js';
import { hiddenElements } from './hidden-elements.js';
import { type HtmlParent, visitTree } from './html-tree.js';

function textOf(root: HtmlParent): string {
  const pieces: string[] = [];
  visitTree(root, { enter: () => true, text: (value) => pieces.push(value), leave: () => undefined });
  return pieces.join(' ');
}

function articleOf(html: string) {
  const page = parse(html);
  const article = findArticle(page, hiddenElements(page));
  return article && { ...article, text: textOf(article.content) };
}

const paragraphs = (count: number, text = 'The lighthouse was built of grey granite, and its keeper counted ships.') =>
  `<p>${text.repeat(3)}</p>`.repeat(count);
const nav = '<nav><ul><li><a href="/">Home</a><li><a href="/shop">Shop</a></ul></nav>';
const page = (content: string, head = '') =>
  `<html lang="en"><head><title>Lighthouse</title>${head}</head><body>${nav}${content}<footer>All rights reserved</footer></body>`;

describe('findArticle', () => {
  it('finds what the page is about and leaves the rest', () => {
    const article = articleOf(page(`<article><h1>Lighthouse</h1>${paragraphs(6)}</article>`));
    expect(article?.title).toBe('Lighthouse');
    expect(article?.text).toContain('grey granite');
    expect(article?.text).not.toMatch(/Shop|All rights/);
  });

  it('says who wrote it, and when', () => {
    const head =
      '<meta name="author" content="Grace Keeper"><meta property="article:published_time" content="2024-05-01T08:00:00+02:00">';
    const article = articleOf(page(`<article>${paragraphs(6)}</article>`, head));
    expect(article).toMatchObject({ byline: 'Grace Keeper', publishedAt: '2024-05-01T06:00:00.000Z' });
  });

  it('does not take hidden text for the article', () => {
    const hidden = `<style>.trap { display: none }</style><div class="trap">${paragraphs(30, 'Buy cheap watches here, today.')}</div>`;
    const article = articleOf(page(`${hidden}<article>${paragraphs(6)}</article>`));
    expect(article?.text).toContain('grey granite');
    expect(article?.text).not.toContain('watches');
  });

  it.each([
    ['a list of links', page('<ul><li><a href="/a">One</a><li><a href="/b">Two</a></ul>')],
    ['a page of few words', page('<p>Closed today.</p>')],
    ['nested too deeply', page(`${'<div>'.repeat(2_000)}${paragraphs(6)}`)],
    ['too large', page('<p>x</p>'.repeat(25_000))],
  ])('finds none in %s', (_what, html) => {
    expect(articleOf(html)).toBeUndefined();
  });
});

describe('mainContent', () => {
  it('is what the page declares, if it declares one', () => {
    expect(textOf(mainContent(parse(page('<main>Inside</main>'))))).toBe('Inside');
    expect(textOf(mainContent(parse(page('<div role="main">Inside</div>'))))).toBe('Inside');
    expect(textOf(mainContent(parse(page('<main>One</main><main>Two</main>'))))).toContain('Home');
    expect(textOf(mainContent(parse(page('Text'))))).toContain('Home');
  });
});
