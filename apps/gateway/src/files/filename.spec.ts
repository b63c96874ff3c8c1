import { describe, expect, it } from '@jest/globals';
import { attachmentDisposition, sanitizeFilename } from './filename.js';

describe('sanitizeFilename', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd.txt', 'passwd.txt'],
    ['C:\\Users\\me\\notes.md', 'notes.md'],
    ['a\u0000b\r\n.txt', 'ab.txt'],
    ['invoice\u202efdp.exe.txt', 'invoicefdp.exe.txt'],
    ['  Übersicht 2024.csv ', 'Übersicht 2024.csv'],
    ['👩‍👩‍👧.md', '👩‍👩‍👧.md'],
    ['..', 'unnamed'],
    ['', 'unnamed'],
  ])('makes %j into %j', (name, clean) => {
    expect(sanitizeFilename(name)).toBe(clean);
  });

  it('cuts long names and keeps their extension', () => {
    const name = sanitizeFilename(`${'a'.repeat(400)}.docx`);
    expect(name).toHaveLength(255);
    expect(name).toMatch(/a\.docx$/);
  });

  it('cuts no character in half', () => {
    expect(sanitizeFilename(`a${'😀'.repeat(200)}.md`).isWellFormed()).toBe(true);
  });
});

describe('attachmentDisposition', () => {
  it('gives old clients an ASCII name and others the whole one, without a way out of the header', () => {
    expect(attachmentDisposition('Übersicht "a"; b=1.csv')).toBe(
      `attachment; filename="_bersicht _a_; b=1.csv"; filename*=UTF-8''%C3%9Cbersicht%20%22a%22%3B%20b%3D1.csv`,
    );
  });
});
