import { describe, expect, it } from '@jest/globals';
import { parseDocument } from '../parse-document.js';
import { blocksOf, textsOf } from '../fixtures/parse.fixture.js';
import { column, pdfFile, textPdf } from '../fixtures/pdf-file.fixture.js';

describe('pdf', () => {
  it('puts paragraphs together from lines, and says on which page they stand', async () => {
    const first = column([
      'The harbour was built in the year',
      'of the great storm, and has since',
      'been widened twice.',
    ]);
    const second = column(['A second paragraph stands apart from', 'the first one.'], { top: 640 });
    const blocks = await blocksOf(textPdf([[...first, ...second], column(['Another page.'])]), 'a.pdf');
    expect(blocks.map(({ text, locator }) => [text, locator.page])).toEqual([
      ['The harbour was built in the year of the great storm, and has since been widened twice.', 1],
      ['A second paragraph stands apart from the first one.', 1],
      ['Another page.', 2],
    ]);
  });

  it('reads columns one after the other and joins a sentence that runs on', async () => {
    const left = column([
      'Ships come in from the north',
      'and unload their cargo, which',
      'is then brought by rail to the',
    ]);
    const right = column(['towns further inland. Most of', 'them leave again at night.'], { x: 320 });
    expect(await textsOf(textPdf([[...left, ...right]]), 'a.pdf')).toEqual([
      'Ships come in from the north and unload their cargo, which is then brought by rail to the towns further inland. ' +
        'Most of them leave again at night.',
    ]);
  });

  it('reads columns one after the other even when they are written line by line', async () => {
    const left = column([
      'Ships come in from the north',
      'and unload their cargo, which',
      'is brought by rail to towns',
      'further inland. Most of them',
      'leave again at night, when',
      'the tide is high.',
    ]);
    const right = column(
      [
        'The harbour master has an',
        'office in the old tower; it',
        'is open in the mornings, and',
        'visitors are welcome there',
        'on all days but Sunday, as',
        'a sign at the door says.',
      ],
      { x: 320 },
    );
    const interleaved = left.flatMap((text, index) => [text, ...right.slice(index, index + 1)]);
    expect(await textsOf(textPdf([interleaved]), 'a.pdf')).toEqual([
      'Ships come in from the north and unload their cargo, which is brought by rail to towns further inland. Most of them leave again at night, when the tide is high.',
      'The harbour master has an office in the old tower; it is open in the mornings, and visitors are welcome there on all days but Sunday, as a sign at the door says.',
    ]);
  });

  it.each([
    ['roman numerals and a prefix', '0 << /S /r /St 3 >> 1 << /S /D /P (A-) >>', ['iii', 'A-1']],
    ['positions', '0 << /S /D >>', undefined],
  ])('tells what is printed on the pages: %s', async (_, numbers, labels) => {
    const file = textPdf([column(['One.']), column(['Two.'])], `/PageLabels << /Nums [${numbers}] >>`);
    const request = { bytes: file, filename: 'a.pdf', maxTextChars: 1_000 };
    const { pageLabels } = await parseDocument(request, { block: () => undefined });
    expect(pageLabels).toEqual(labels);
  });

  it('notes when a paragraph runs on to the next page', async () => {
    const blocks = await blocksOf(
      textPdf([column(['This sentence begins here and']), column(['ends on the next page.'])]),
      'a.pdf',
    );
    expect(blocks).toMatchObject([
      { text: 'This sentence begins here and ends on the next page.', locator: { page: 1, pageEnd: 2 } },
    ]);
  });

  it('makes words whole that a line parts, and keeps hyphens that belong to them', async () => {
    const lines = [
      'The well-known transfor-',
      'mation is a well-',
      'known and state-of-the-',
      'art technique of compi-',
      'lation in this field.',
    ];
    expect(await textsOf(textPdf([column(lines)]), 'a.pdf')).toEqual([
      'The well-known transformation is a well-known and state-of-the-art technique of compilation in this field.',
    ]);
  });

  it('tells headings by their size', async () => {
    const page = [
      { text: 'Harbours', x: 72, y: 720, size: 18 },
      { text: 'History', x: 72, y: 690, size: 13 },
      ...column(['Ordinary text of the document that goes on for', 'a while in the usual size.'], { top: 670 }),
    ];
    expect(await blocksOf(textPdf([page]), 'a.pdf')).toMatchObject([
      { kind: 'heading', level: 1, text: 'Harbours' },
      { kind: 'heading', level: 2, text: 'History' },
      { kind: 'paragraph', locator: { headings: ['Harbours', 'History'], page: 1 } },
    ]);
  });

  it('writes rows of a table as rows', async () => {
    const rows = [
      ['Port', 'Ships', 'Cargo'],
      ['Kiel', '120', '3400'],
      ['Bremen', '80', '2100'],
    ];
    const texts = rows.flatMap((cells, row) =>
      cells.map((text, index) => ({ text, x: 72 + index * 120, y: 700 - row * 14 })),
    );
    const blocks = await blocksOf(textPdf([texts]), 'a.pdf');
    expect(blocks.map(({ kind, text, header }) => [kind, text, header])).toEqual([
      ['table-row', 'Port | Ships | Cargo', undefined],
      ['table-row', 'Kiel | 120 | 3400', 'Port | Ships | Cargo'],
      ['table-row', 'Bremen | 80 | 2100', 'Port | Ships | Cargo'],
    ]);
  });

  it('writes names and values side by side as rows, too', async () => {
    const pairs = [
      ['Weight', '12 kg'],
      ['Height', '1.8 m'],
      ['Colour', 'blue'],
    ];
    const texts = pairs.flatMap(([name = '', value = ''], row) => [
      { text: name, x: 72, y: 700 - row * 14 },
      { text: value, x: 200, y: 700 - row * 14 },
    ]);
    expect(await textsOf(textPdf([texts]), 'a.pdf')).toEqual(['Weight | 12 kg', 'Height | 1.8 m', 'Colour | blue']);
  });

  it('keeps a running header once and drops page numbers, but no rows that only look alike', async () => {
    const page = (number: number): ReturnType<typeof column> => [
      { text: 'Annual report', x: 72, y: 760 },
      ...column([
        `Invoice ${number * 37} of the customer.`,
        'Text that is the same on each page.',
        `Total ${number * 91} coins.`,
      ]),
      { text: `${number} / 5`, x: 300, y: 30 },
    ];
    const text = (await textsOf(textPdf([1, 2, 3, 4, 5].map(page)), 'a.pdf')).join('\n');
    expect(text.match(/Annual report/g)).toHaveLength(1);
    expect(text.match(/Invoice/g)).toHaveLength(5);
    expect(text.match(/coins/g)).toHaveLength(5);
    expect(text).not.toContain('2 / 5');
  });

  it('reads what was typed into form fields, passwords excepted', async () => {
    const field = (name: string, value: string, flags = 0): string =>
      `<< /Type /Annot /Subtype /Widget /FT /Tx /T (${name}) /V (${value}) /Ff ${flags} /Rect [72 600 300 620] /P 3 0 R >>`;
    const file = pdfFile([
      '<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R 5 0 R] >> >>',
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Annots [4 0 R 5 0 R] >>',
      field('Name', 'Ada Lovelace'),
      field('Secret', 'hush', 8192),
    ]);
    expect(await textsOf(file, 'a.pdf')).toEqual(['Name: Ada Lovelace']);
  });

  it.each([
    ['90ms-RKSJ-H', 'Japan1', '93FA967B8CEA', '日本語'],
    ['UniJIS-UCS2-H', 'Japan1', '65E5672C8A9E', '日本語'],
    ['GBK-EUC-H', 'GB1', 'D6D0CEC4', '中文'],
    ['ETen-B5-H', 'CNS1', 'A4A4A4E5', '中文'],
    ['KSCms-UHC-H', 'Korea1', 'C7D1B1B9', '한국'],
  ])('reads fonts that are not embedded by their character map (%s)', async (encoding, ordering, codes, text) => {
    const content = `BT /F1 24 Tf 72 700 Td <${codes}> Tj ET`;
    const info = `/CIDSystemInfo << /Registry (Adobe) /Ordering (${ordering}) /Supplement 2 >>`;
    const file = pdfFile([
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      `<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /${encoding} /DescendantFonts [6 0 R] >>`,
      `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Song ${info} >>`,
    ]);
    expect(await textsOf(file, 'a.pdf')).toEqual([text]);
  });

  it('drops lines in fonts that do not say what they show', async () => {
    const nonsense = Array.from({ length: 6 }, (_, index) => ({
      text: `!"#$%&#!"$%#&"!`,
      x: 72,
      y: 300 - index * 12,
      size: 10,
    }));
    const file = textPdf([[...nonsense]]);
    await expect(blocksOf(file, 'a.pdf')).rejects.toMatchObject({ code: 'unknown_encoding' });
  });

  it.each([
    ['garbage', Buffer.from(`%PDF-1.7\n${'\x01\xFEgarbage '.repeat(500)}`, 'latin1')],
    ['only a header', Buffer.from('%PDF-1.7\n')],
    [
      'a page tree that is its own child',
      pdfFile(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [2 0 R] /Count 9 >>']),
    ],
    ['half a file', textPdf([column(['text'])]).subarray(0, 200)],
  ])('refuses %s', async (_, bytes) => {
    await expect(blocksOf(bytes, 'a.pdf')).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('says so when there is nothing but images', async () => {
    await expect(blocksOf(textPdf([[]]), 'a.pdf')).rejects.toMatchObject({
      code: 'no_text',
      message: expect.stringContaining('OCR'),
    });
  });
});
