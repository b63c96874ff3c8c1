import { describe, expect, it } from '@jest/globals';
import { docxFile, paragraph, part } from '../fixtures/docx-file.fixture.js';
import { blocksOf, textsOf } from '../fixtures/parse.fixture.js';
import { zipFile } from '../fixtures/zip-file.fixture.js';

const STYLES = part(
  'styles',
  `<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
   <w:style w:type="paragraph" w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>
   <w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>
   <w:style w:type="paragraph" w:styleId="Abschnitt"><w:name w:val="Abschnitt"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
   <w:style w:type="character" w:styleId="Ghost"><w:name w:val="Ghost"/><w:rPr><w:vanish/></w:rPr></w:style>`,
);

const NUMBERING = part(
  'numbering',
  `<w:abstractNum w:abstractNumId="0">
     <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
     <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
   </w:abstractNum>
   <w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl></w:abstractNum>
   <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
   <w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
   <w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>`,
);

function item(text: string, numId: number, level = 0): string {
  return paragraph(text, `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${numId}"/></w:numPr>`);
}

function cell(text: string, properties = ''): string {
  return `<w:tc><w:tcPr>${properties}</w:tcPr>${paragraph(text)}</w:tc>`;
}

describe('docx', () => {
  it('tells headings by their styles, in any language and by inheritance', async () => {
    const body =
      paragraph('One', '<w:pStyle w:val="Kapitel"/>') +
      paragraph('Two', '<w:pStyle w:val="Abschnitt"/>') +
      paragraph('text', '<w:pStyle w:val="Loop"/>') +
      paragraph('Three', '<w:outlineLvl w:val="2"/>');
    expect(await blocksOf(docxFile(body, { styles: STYLES }), 'a.docx')).toMatchObject([
      { kind: 'heading', level: 1, text: 'One' },
      { kind: 'heading', level: 2, text: 'Two' },
      { kind: 'paragraph', text: 'text', locator: { headings: ['One', 'Two'] } },
      { kind: 'heading', level: 3, text: 'Three' },
    ]);
  });

  it('counts lists, which are not numbered in the file', async () => {
    const body =
      item('a', 1) +
      item('b', 1) +
      item('b one', 1, 1) +
      item('b two', 1, 1) +
      item('c', 1) +
      item('x', 2) +
      item('again', 3);
    expect(await textsOf(docxFile(body, { numbering: NUMBERING }), 'a.docx')).toEqual([
      '1. a',
      '2. b',
      '2.a) b one',
      '2.b) b two',
      '3. c',
      '- x',
      '1. again',
    ]);
  });

  it('writes tables row by row, with header, merged cells and nested tables', async () => {
    const nested = `<w:tc><w:tbl><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid><w:tr>${cell('in')}${cell('side')}</w:tr></w:tbl></w:tc>`;
    const table =
      '<w:tbl><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>' +
      `<w:tr><w:trPr><w:tblHeader/></w:trPr>${cell('Zone')}${cell('Price')}</w:tr>` +
      `<w:tr>${cell('A', '<w:vMerge w:val="restart"/>')}${cell('1')}</w:tr>` +
      `<w:tr>${cell('', '<w:vMerge/>')}${nested}</w:tr>` +
      `<w:tr><w:trPr><w:del/></w:trPr>${cell('gone')}${cell('gone')}</w:tr></w:tbl>`;
    const blocks = await blocksOf(docxFile(table), 'a.docx');
    expect(blocks.map(({ kind, text, header }) => [kind, text, header])).toEqual([
      ['table-row', 'Zone | Price', undefined],
      ['table-row', 'A | 1', 'Zone | Price'],
      ['table-row', 'A | in | side', 'Zone | Price'],
    ]);
  });

  it('reads the content of a frame made by a table of one column as if there were none', async () => {
    const table = `<w:tbl><w:tblGrid><w:gridCol/></w:tblGrid><w:tr><w:tc>${paragraph('one')}${paragraph('two')}</w:tc></w:tr></w:tbl>`;
    expect(await blocksOf(docxFile(table), 'a.docx')).toMatchObject([
      { kind: 'paragraph', text: 'one' },
      { text: 'two' },
    ]);
  });

  it('reads headers, footers and notes, each once', async () => {
    const body =
      `<w:p><w:r><w:t>Body</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>${paragraph('More')}` +
      `<w:p><w:r><w:t>End</w:t><w:endnoteReference w:id="1"/></w:r></w:p>`;
    const file = docxFile(body, {
      header1: part('hdr', paragraph('Company')),
      header2: part('hdr', paragraph('Company')),
      footer1: part('ftr', paragraph('Confidential') + paragraph('7')),
      footnotes: part(
        'footnotes',
        `<w:footnote w:id="0" w:type="separator">${paragraph('-')}</w:footnote><w:footnote w:id="2">${paragraph('A note')}</w:footnote>`,
      ),
      endnotes: part('endnotes', `<w:endnote w:id="1">${paragraph('A last note')}</w:endnote>`),
    });
    expect(await textsOf(file, 'a.docx')).toEqual([
      'Company',
      'Body',
      'A note',
      'More',
      'End',
      'A last note',
      'Confidential',
    ]);
  });

  it('reads a text box once, though the file holds it twice', async () => {
    const box = (text: string): string => `<w:txbxContent>${paragraph(text)}</w:txbxContent>`;
    const body =
      `<w:p><w:r><w:t>Anchor</w:t><mc:AlternateContent><mc:Choice Requires="wps"><wps:txbx>${box('Box')}</wps:txbx></mc:Choice>` +
      `<mc:Fallback><v:textbox>${box('Box')}</v:textbox></mc:Fallback></mc:AlternateContent><w:t> goes on</w:t></w:r></w:p>` +
      `<w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"/><mc:Fallback><w:t>only here</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p>`;
    expect(await textsOf(docxFile(body), 'a.docx')).toEqual(['Anchor goes on', 'Box', 'only here']);
  });

  it('leaves out what is deleted, moved away, hidden, or the code of a field', async () => {
    const body =
      '<w:p><w:pPr><w:pPrChange><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr></w:pPrChange></w:pPr>' +
      '<w:del><w:r><w:delText>no</w:delText><w:t>no</w:t></w:r></w:del><w:moveFrom><w:r><w:t>no</w:t></w:r></w:moveFrom>' +
      '<w:ins><w:r><w:t>new </w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r>' +
      '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>shown </w:t></w:r><w:r><w:rPr><w:rStyle w:val="Ghost"/></w:rPr><w:t>no</w:t></w:r>' +
      '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>no</w:instrText><w:t>no</w:t><w:fldChar w:fldCharType="separate"/>' +
      '<w:t>result</w:t><w:fldChar w:fldCharType="end"/></w:r><w:r><w:tab/><w:t>tail</w:t><w:br/><w:t>line</w:t></w:r></w:p>';
    expect(await blocksOf(docxFile(body, { styles: STYLES }), 'a.docx')).toMatchObject([
      { kind: 'paragraph', text: 'new shown result tail\nline' },
    ]);
  });

  it('refuses document types and entities, and expands none', async () => {
    const lol = `<!ENTITY a "lol">${'bcdefghi'
      .split('')
      .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefgh'[index]};`.repeat(10)}">`)
      .join('')}`;
    const bomb = part('document', `<w:body>${paragraph('&i;')}</w:body>`).replace('?>', `?><!DOCTYPE w [${lol}]>`);
    await expect(blocksOf(docxFile(bomb), 'a.docx')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('entities'),
    });
  });

  it('stops unpacking a bomb, whatever sizes it declares', async () => {
    const bomb = docxFile(paragraph('A'.repeat(10_000_000)));
    await expect(blocksOf(bomb, 'a.docx')).rejects.toMatchObject({ code: 'too_large' });
    const directory = bomb.lastIndexOf('word/document.xml') - 46;
    bomb.writeUInt32LE(1_000, directory + 24);
    await expect(blocksOf(bomb, 'a.docx')).rejects.toMatchObject({ code: expect.stringMatching(/too_large|corrupt/) });
  });

  it('bears content nested deeply and refuses what is nested beyond all use', async () => {
    const nested = (depth: number): Buffer =>
      docxFile('<w:sdt>'.repeat(depth) + paragraph('deep') + '</w:sdt>'.repeat(depth));
    expect(await textsOf(nested(1_000), 'a.docx')).toEqual(['deep']);
    await expect(blocksOf(nested(100_000), 'a.docx')).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('refuses a document cut short or with broken XML', async () => {
    const whole = docxFile(paragraph('text'));
    await expect(blocksOf(whole.subarray(0, whole.length - 40), 'a.docx')).rejects.toMatchObject({ code: 'corrupt' });
    await expect(blocksOf(docxFile('<?xml version="1.0"?><w:document><w:body>'), 'a.docx')).rejects.toMatchObject({
      code: 'corrupt',
    });
  });

  it('names other formats that are zip files', async () => {
    const workbook = zipFile({ '[Content_Types].xml': '<Types/>', 'xl/workbook.xml': '<x/>' });
    await expect(blocksOf(workbook, 'a.docx')).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('Excel'),
    });
    await expect(blocksOf(zipFile({ 'a.txt': 'x' }), 'a.docx')).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('reads documents that are inserted whole, where they stand', async () => {
    const inserted = (name: string, content: string | Buffer): Buffer =>
      docxFile(`${paragraph('before')}<w:altChunk w:id="r0"/>${paragraph('after')}`, {}, { aFChunk: [name, content] });
    expect(await textsOf(inserted('a.html', '<h2>Title</h2><p hidden>x</p><p>inner</p>'), 'a.docx')).toEqual([
      ...['before', 'Title', 'inner', 'after'],
    ]);
    expect(await textsOf(inserted('a.docx', docxFile(paragraph('inner'))), 'a.docx')).toEqual([
      'before',
      'inner',
      'after',
    ]);
    expect(await textsOf(inserted('a.docx', 'nonsense'), 'a.docx')).toEqual(['before', 'after']);
    expect(await textsOf(inserted('a.mht', 'unknown'), 'a.docx')).toEqual(['before', 'after']);
  });

  it('reads the description of a picture in its place', async () => {
    const picture =
      '<w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="A ship at sea"/></wp:inline></w:drawing>';
    const body = `<w:p><w:r><w:t>See</w:t>${picture}<w:t>above.</w:t></w:r></w:p>`;
    expect(await textsOf(docxFile(body), 'a.docx')).toEqual(['See [A ship at sea] above.']);
  });
});
