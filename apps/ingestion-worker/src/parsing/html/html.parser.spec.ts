import { describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { blocksOf, textsOf } from '../fixtures/parse.fixture.js';

describe('html', () => {
  it.each([
    ['scripts', '<script>secret()</script>'],
    ['styles', '<style>.secret{}</style>'],
    ['templates', '<template>secret</template>'],
    ['noscript', '<noscript>secret</noscript>'],
    ['comments', '<!-- secret -->'],
    ['the hidden attribute', '<div hidden><p>secret</p></div>'],
    ['display: none', '<p style="color:red; DISPLAY : none">secret</p>'],
    ['visibility: hidden', '<p style="visibility:hidden">secret</p>'],
    ['a closed dialog', '<dialog>secret</dialog>'],
    ['options', '<select><option>secret</select>'],
    ['a hidden row of a table', '<table><tr><th>a<th>b<tr hidden><td>secret<td>x<tr><td>1<td>2</table>'],
    [
      'a class that a style sheet hides',
      '<style>/* x */ .a, p.gone { display:none }</style><p class="b gone">secret</p>',
    ],
    [
      'what a style sheet hides below something',
      '<style>.menu > li .sub { display:none }</style><div class=menu><li><i class=sub>secret</i></div>',
    ],
    ['an id that a style sheet hides', '<style>#gone{display : none}</style><div id=gone>secret</div>'],
    ['an attribute that is there', '<style>[data-gone]{display:none}</style><p data-gone>secret</p>'],
    ['the value of an attribute', '<style>p[data-x="a b" i]{display:none}</style><p data-x="A b">secret</p>'],
    ['a word of an attribute', '<style>[data-x~=b]{display:none}</style><p data-x="a b">secret</p>'],
    ['the start of an attribute', '<style>[class^="ad-"]{display:none}</style><p class="ad-top">secret</p>'],
    ['the end of an attribute', "<style>[id$='-ad']{display:none}</style><p id=top-ad>secret</p>"],
    [
      'a part of an attribute',
      '<style>div [class*=promo] i{display:none}</style><div><p class=xpromox><i>secret</i></div>',
    ],
    ['the language of an attribute', '<style>[lang|=de]{display:none}</style><p lang=de-AT>secret</p>'],
    ['what is not something else', '<style>.x:not(.shown, [open]){visibility:hidden}</style><p class=x>secret</p>'],
    ['one of several', '<style>p:is(.a,.gone)>b{opacity:0}</style><p class=gone><b>secret</b></p>'],
    [
      'a list that also names what is not understood',
      '<style>a:hover, .b::before,.gone{display:none}</style><p class=gone>secret</p>',
    ],
    ['a name with signs in it', '<style>.md\\:gone{display:none}</style><p class="md:gone">secret</p>'],
    [
      'the farther of two that may be meant',
      '<style>.a > .b .gone{display:none}</style><div class=a><div class=b><i><b class=b><i class=gone>secret</i></b></i></div></div>',
    ],
    ['a tag and an attribute in capitals', '<style>P[DATA-X]{display:none}</style><p data-x>secret</p>'],
    ['everything below the root', '<style>:root .gone{display:none}</style><p class=gone>secret</p>'],
  ])('leaves out %s', async (_, html) => {
    const texts = await textsOf(`<body><p>Before</p>${html}<p>After</p>`, 'a.html');
    expect(texts.join('\n')).not.toContain('secret');
    expect(texts.at(0)).toBe('Before');
    expect(texts.at(-1)).toBe('After');
  });

  it('shows what a style sheet hides only in print or under another selector', async () => {
    const css = '@media print { .a { display:none } } .b .a { display:none } .a { color: red }';
    expect(await textsOf(`<style>${css}</style><p class=a>shown</p>`, 'a.html')).toEqual(['shown']);
  });

  it.each([
    ['a more telling rule', '.tab{display:none} .tab.active{display:block}', 'class="tab active"'],
    ['a later rule', '.tab{display:none} .open{display:block}', 'class="tab open"'],
    ['the element itself', '.tab{display:none}', 'class=tab style="display:block"'],
    [
      'a rule for wider screens',
      '.d-none{display:none!important} @media (min-width:9px){.d-md{display:flex!important}}',
      'class="d-none d-md"',
    ],
    ['a style sheet that is for another place', '.menu .tab{display:none}', 'class=tab'],
    ['an attribute of another value', '[data-x=b]{display:none} [data-x^=""]{display:none}', 'data-x=a'],
    ['what it is', '.x:not(.tab){display:none}', 'class="x tab"'],
    ['a weightier rule in :not()', '.tab{display:none} :not(#a){display:block}', 'class=tab'],
    ['a rule that :where() makes no weightier', '.tab{display:block} :where(#a,.tab){display:none}', 'class=tab'],
    ['a state that a script may bring', '.tab:hover,.tab+p{display:none}', 'class=tab'],
    ['a list that is no CSS', '.tab, [{display:none}', 'class=tab'],
    ['half an opacity', '.tab{opacity:0.5;font-size:0.9em}', 'class=tab'],
  ])('shows what is shown by %s', async (_, css, attributes) => {
    expect(await textsOf(`<style>${css}</style><p ${attributes}>shown</p>`, 'a.html')).toEqual(['shown']);
  });

  it('reads what screen readers alone pass over, but for signs', async () => {
    const html = '<h2>Ports<a aria-hidden=true href="#ports">#</a></h2><p aria-hidden=true>Kiel, <b>Bremen</b></p>';
    expect(await textsOf(html, 'a.html')).toEqual(['Ports', 'Kiel, Bremen']);
  });

  it('keeps the caption of a table', async () => {
    const html = '<table><caption>Ports <b>of</b> call</caption><tr><th>a<th>b<tr><td>1<td>2</table>';
    expect(await textsOf(html, 'a.html')).toEqual(['Ports of call', 'a | b', '1 | 2']);
  });

  it('parts blocks and joins inline elements', async () => {
    const html =
      '<p>One <b>bo</b>ld\n   word<br>next line<p>Two<div>Three<div>Four</div>Five</div><a>Home</a><a>About</a>';
    expect(await textsOf(html, 'a.html')).toEqual([
      'One bold word\nnext line',
      'Two',
      'Three',
      'Four',
      'Five',
      'Home About',
    ]);
  });

  it('parts paragraphs that are only made by line breaks', async () => {
    expect(await textsOf('<body>One<br>line<br><br>Two', 'a.html')).toEqual(['One\nline', 'Two']);
  });

  it('carries the headings above each block', async () => {
    const blocks = await blocksOf('<h1>A</h1><h2>B</h2><p>b</p><h3>C</h3><p>c</p><h2>D</h2><p>d</p>', 'a.html');
    expect(
      blocks.filter(({ kind }) => kind === 'paragraph').map(({ text, locator }) => [text, locator.headings]),
    ).toEqual([
      ['b', ['A', 'B']],
      ['c', ['A', 'B', 'C']],
      ['d', ['A', 'D']],
    ]);
  });

  it('takes the title for a heading when the page has none', async () => {
    expect(await blocksOf('<title>The title</title><p>x', 'a.html')).toMatchObject([
      { kind: 'heading', level: 0, text: 'The title' },
      {},
    ]);
    expect(await textsOf('<title>The title</title><h1>Heading</h1>', 'a.html')).toEqual(['Heading']);
  });

  it('numbers lists as a browser does', async () => {
    const html = '<ul><li>a<li>b<ol start=3><li>c<li value=7>d<li>e</ol></ul>';
    const blocks = await blocksOf(html, 'a.html');
    expect(blocks.map(({ text, level }) => [text, level])).toEqual([
      ['- a', 1],
      ['- b', 1],
      ['3. c', 2],
      ['7. d', 2],
      ['8. e', 2],
    ]);
  });

  it('writes tables row by row with their header and cells that span rows', async () => {
    const html =
      '<table><caption>Fares</caption><tr><th>Zone<th>Kind<th>Price<tr><td rowspan=2>A<td>adult<td>2<tr><td>child<td><ul><li>1<li>free</ul></table>';
    const blocks = await blocksOf(html, 'a.html');
    expect(blocks.map(({ text, header }) => [text, header])).toEqual([
      ['Fares', undefined],
      ['Zone | Kind | Price', undefined],
      ['A | adult | 2', 'Zone | Kind | Price'],
      ['A | child | 1; free', 'Zone | Kind | Price'],
    ]);
  });

  it('reads tables that only lay out the page like the rest of it', async () => {
    const html = '<table><tr><td><h2>Menu</h2></td><td><table><tr><td>x<td>y<tr><td>1<td>2</table></td></tr></table>';
    expect(await textsOf(html, 'a.html')).toEqual(['Menu', 'x | y', '1 | 2']);
  });

  it('keeps code as it is', async () => {
    expect(await blocksOf('<pre>if (x) {\n  y();\n}</pre>', 'a.html')).toMatchObject([
      { kind: 'code', text: 'if (x) {\n  y();\n}' },
    ]);
  });

  it('believes the declared encoding', async () => {
    const html = '<meta charset="windows-1251"><p>Привет';
    expect(await textsOf(iconv.encode(html, 'windows-1251'), 'a.html')).toEqual(['Привет']);
  });

  it('detects the encoding from the text and not from the mark-up', async () => {
    const html = `${'<div class="col"></div>'.repeat(50)}<p>Über den Dächern von Köln fließt der Rhein, die Größe überrascht.`;
    expect((await textsOf(Buffer.from(html, 'latin1'), 'a.html')).at(-1)).toContain('Größe');
  });

  it('bears a hundred thousand nested elements', async () => {
    const html = `${'<div><span>'.repeat(50_000)}deep`;
    expect(await textsOf(html, 'a.html')).toEqual(['deep']);
  });

  it('bears tables nested a thousand deep', async () => {
    expect((await textsOf(`${'<table><tr><td>'.repeat(1_000)}deep<td>deeper`, 'a.html')).join(' ')).toContain('deep');
  });

  it('says so when a page shows nothing', async () => {
    await expect(blocksOf('<script>only()</script>', 'a.html')).rejects.toMatchObject({ code: 'no_text' });
  });
});
