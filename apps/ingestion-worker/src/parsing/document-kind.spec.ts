import { describe, expect, it } from '@jest/globals';
import { documentKind } from './document-kind.js';
import { IngestionError } from './ingestion-error.js';

function outcome(content: string | Buffer, extension: string, contentType?: string): string {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  try {
    return documentKind(bytes, extension, contentType);
  } catch (error) {
    if (error instanceof IngestionError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const OLE2 = '\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1';
const ENCRYPTED = Buffer.concat([Buffer.from(OLE2, 'latin1'), Buffer.from('EncryptedPackage', 'utf16le')]);

describe('documentKind', () => {
  it('goes by the content before the name', () => {
    expect(outcome('%PDF-1.7', 'txt')).toBe('pdf');
    expect(outcome('\n\n%PDF-1.7', 'pdf')).toBe('pdf');
    expect(outcome('PK\x03\x04', 'txt')).toBe('docx');
  });

  it('goes by the name, then by the declared type, for text', () => {
    expect(outcome('a,b', 'csv')).toBe('csv');
    expect(outcome('<html>', 'txt')).toBe('txt');
    expect(outcome('# x', '', 'text/markdown; charset=utf-8')).toBe('md');
    expect(outcome('<!DOCTYPE html><p>', '')).toBe('html');
  });

  it('does not take a text about PDF for a PDF', () => {
    expect(outcome('Every PDF begins with %PDF-1.4.', 'txt')).toBe('txt');
  });

  it('names what a file really is', () => {
    expect(outcome('\x89PNG\r\n', 'pdf')).toMatch(/^corrupt: .*named \.pdf .*PNG image/);
    expect(outcome('{\\rtf1 x}', 'docx')).toMatch(/^corrupt: .*RTF/);
    expect(outcome('\x1F\x8B\x08\0', '')).toMatch(/^unsupported: .*gzip/);
    expect(outcome('just words', 'pdf')).toMatch(/^corrupt: .*PDF/);
    expect(outcome('just words', '')).toMatch(/^unsupported: /);
  });

  it('lets a text begin with letters that are also a magic number', () => {
    expect(outcome('BZhang wrote this', 'txt')).toBe('txt');
    expect(outcome('ID3 tags are explained here', 'md')).toBe('md');
  });

  it('tells an old Office document from one behind a password', () => {
    expect(outcome(`${OLE2}WordDocument`, 'docx')).toMatch(/^unsupported: .*97-2003/);
    expect(outcome(ENCRYPTED, 'docx')).toMatch(/^encrypted: /);
    expect(outcome(ENCRYPTED, 'doc')).toMatch(/^unsupported: /);
  });

  it('refuses what is named like an unsupported format', () => {
    expect(outcome('PK\x03\x04', 'doc')).toMatch(/^unsupported: /);
    expect(outcome('x', 'exe')).toMatch(/^unsupported: .*\.exe/);
  });

  it('calls an empty file empty', () => {
    expect(outcome('', 'pdf')).toMatch(/^no_text: /);
  });
});
