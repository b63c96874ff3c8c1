import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const docs = new URL('../docs/', import.meta.url);
const text = readFileSync(new URL('security.md', docs), 'utf8');
const proofs = [...text.matchAll(/\[`([^`]+)`\]\(([^)]+)\)/g)].map(([, name, path]) => [name, path]);

describe('The security checklist', () => {
  it('has a test in every line of its tables', () => {
    const lines = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (Promise|-)/.test(line));
    expect(lines.filter((line) => !/\[`[^`]+`\]\([^)]+\)/.test(line))).toEqual([]);
    expect(proofs.length).toBe(lines.length);
  });

  it.each(proofs)('is shown by: %s', (name, path) => {
    const file = new URL(path, docs);
    expect(existsSync(file) ? readFileSync(file, 'utf8') : `there is no ${path}`).toContain(name);
  });
});
