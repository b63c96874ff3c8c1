import { crc32, deflateRawSync } from 'node:zlib';

export type Kind = 'txt' | 'md' | 'csv' | 'html' | 'docx' | 'pdf';

export const CONTENT_TYPES: Record<Kind, string> = {
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  pdf: 'application/pdf',
};

const SENTENCE = 'The river carries sand and small stones down from the hills into a wide and quiet valley';
const SENTENCES_PER_PARAGRAPH = 5;

/** A file of that kind with about that much text. */
export function sampleFile(kind: Kind, textChars: number): Buffer {
  return MAKERS[kind](textChars);
}

const MAKERS: Record<Kind, (textChars: number) => Buffer> = {
  txt: (chars) => Buffer.from(paragraphs(chars).join('\n\n')),
  md: (chars) =>
    Buffer.from(
      paragraphs(chars)
        .map((text, index) => (index % 20 === 0 ? `# Part ${index}\n\n${text}` : text))
        .join('\n\n'),
    ),
  csv: (chars) => Buffer.from(['number,text', ...paragraphs(chars).map((text, row) => `${row},"${text}"`)].join('\n')),
  html: (chars) =>
    Buffer.from(
      `<html><body>${paragraphs(chars)
        .map((text) => `<p>${text}</p>`)
        .join('\n')}</body></html>`,
    ),
  docx,
  pdf,
};

function paragraphs(chars: number): string[] {
  const texts: string[] = [];
  for (let length = 0; length < chars;) {
    const number = texts.length;
    const text = Array.from({ length: SENTENCES_PER_PARAGRAPH }, (_, index) => `${SENTENCE} ${number} ${index}.`).join(
      ' ',
    );
    texts.push(text);
    length += text.length;
  }
  return texts;
}

function docx(chars: number): Buffer {
  const body = paragraphs(chars).map((text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`);
  const w = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
  const relationships = 'http://schemas.openxmlformats.org/package/2006/relationships';
  const main = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml';
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
  return zip({
    '[Content_Types].xml': `${head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="${main}"/></Types>`,
    '_rels/.rels': `${head}<Relationships xmlns="${relationships}"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
    'word/document.xml': `${head}<w:document xmlns:w="${w}"><w:body>${body.join('')}</w:body></w:document>`,
  });
}

/** PKWARE's format, as far as it is needed (APPNOTE 4.3). */
function zip(entries: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const content = Buffer.from(text);
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(20, 4);
    common.copy(central, 6);
    central.writeUInt32LE(offset, 42);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    parts.push(local);
    directory.push(central, Buffer.from(name));
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

const LINES_PER_PAGE = 50;

function pdf(chars: number): Buffer {
  const lines = paragraphs(chars).flatMap((text) => text.split(/(?<=\.) /));
  const pages: string[] = [];
  for (let start = 0; start < lines.length; start += LINES_PER_PAGE) {
    const shown = lines.slice(start, start + LINES_PER_PAGE).map((line) => `(${line}) Tj T*`);
    pages.push(`BT /F1 8 Tf 12 TL 20 780 Td ${shown.join(' ')} ET`);
  }
  const first = 4;
  const kids = pages.map((_, index) => `${first + 2 * index} 0 R`).join(' ');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...pages.flatMap((content, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${first + 2 * index + 1} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    ]),
  ];
  let position = 9;
  const offsets: number[] = [];
  const parts = objects.map((object, index) => {
    const text = `${index + 1} 0 obj\n${object}\nendobj\n`;
    offsets.push(position);
    position += text.length;
    return text;
  });
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${position}\n%%EOF\n`;
  return Buffer.from(
    `%PDF-1.4\n${parts.join('')}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}${trailer}`,
    'latin1',
  );
}
