import { describe, expect, it } from '@jest/globals';
import { blocksOf } from '../fixtures/parse.fixture.js';

async function rowsOf(csv: string, filename = 'table.csv'): Promise<string[]> {
  return (await blocksOf(csv, filename)).flatMap(({ text }) => text.split('\n'));
}

describe('csv', () => {
  it('repeats the name of the column before each value', async () => {
    expect(await rowsOf('Name,City,Age\nAda,London,36\nAlan,,41\n')).toEqual([
      'Name; City; Age',
      'Name: Ada; City: London; Age: 36',
      'Name: Alan; Age: 41',
    ]);
  });

  it.each([';', '\t', '|', ','])('finds the delimiter %j', async (delimiter) => {
    const csv = [
      ['Item', 'Price'],
      ['Tea', '"1,20; or 2|3"'],
      ['Milk', '0'],
      ['Bread', '3'],
    ]
      .map((row) => row.join(delimiter))
      .join('\r\n');
    expect(await rowsOf(csv)).toEqual([
      'Item; Price',
      'Item: Tea; Price: 1,20; or 2|3',
      'Item: Milk; Price: 0',
      'Item: Bread; Price: 3',
    ]);
  });

  it('is not misled by decimal commas', async () => {
    expect((await rowsOf('Ort;Summe\nKöln;1,50\nBonn;2,75\n'))[1]).toBe('Ort: Köln; Summe: 1,50');
  });

  it("follows Excel's sep line", async () => {
    expect(await rowsOf('sep=!\na!b\n1!2\n')).toEqual(['a; b', 'a: 1; b: 2']);
  });

  it('keeps quotes, delimiters and line breaks inside a cell in one row', async () => {
    expect(await rowsOf('a,b\n"one ""two""\nthree, four",5\n')).toEqual(['a; b', 'a: one "two" three, four; b: 5']);
  });

  it('reads a quotation mark that is never closed as an inch sign', async () => {
    const csv = 'size,name\n"5 inch,screen\n7 inch,tablet\n';
    expect(await rowsOf(csv)).toEqual(['size; name', 'size: "5 inch; name: screen', 'size: 7 inch; name: tablet']);
  });

  it('reads rows of any length', async () => {
    expect(await rowsOf('a,b\n1\n1,2,3\n')).toEqual(['a; b', 'a: 1', 'a: 1; b: 2; 3']);
  });

  it('sees that a file has no header', async () => {
    expect(await rowsOf('Ada,36,1815\nAlan,41,1912\n')).toEqual(['Ada; 36; 1815', 'Alan; 41; 1912']);
    expect((await rowsOf('Country,2019,2020\nFrance,65,66\n'))[1]).toBe('Country: France; 2019: 65; 2020: 66');
  });

  it('finds the header below a title', async () => {
    expect((await rowsOf('Report of May,,\n,,\nName,City,Age\nAda,London,36\n')).at(-1)).toBe(
      'Name: Ada; City: London; Age: 36',
    );
  });

  it('counts rows as a spreadsheet does, empty ones too', async () => {
    const blocks = await blocksOf('h\na\n\nb\nc\n', 'x.csv');
    expect(blocks.map(({ text, locator }) => [text, locator.row, locator.rowEnd])).toEqual([
      ['h\nh: a', 1, 2],
      ['h: b\nh: c', 4, 5],
    ]);
  });

  it('bears a single cell of five megabytes', async () => {
    const cell = 'lorem ipsum '.repeat(430_000);
    const blocks = await blocksOf(`id,text\n1,"${cell}"\n2,end\n`, 'x.csv', 8_000_000);
    expect(blocks.at(-1)?.text).toContain('id: 2; text: end');
    expect(blocks.at(-1)?.locator.row).toBe(3);
  });

  it('keeps to the limit of text', async () => {
    await expect(blocksOf('a,b\n1,2\n'.repeat(20_000), 'x.csv', 100_000)).rejects.toMatchObject({ code: 'too_large' });
  });
});
