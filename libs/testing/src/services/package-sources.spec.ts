import { describe, expect, it } from '@jest/globals';
import { sourceEntryForSuite } from './package-sources.js';

describe('sourceEntryForSuite', () => {
  it('rewrites the deb822 stanza of the own suite, keeping mirror and key', () => {
    const text = [
      '# the archive\nTypes: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates',
      'Components: main\nSigned-By: /usr/share/keyrings/a.gpg\n',
      'Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\nComponents: main\n',
    ].join('\n');
    expect(sourceEntryForSuite('debian.sources', text, 'bookworm', 'trixie')).toBe(
      [
        'Types: deb-src',
        'URIs: http://mirror.example/debian',
        'Suites: trixie',
        'Components: main',
        'Signed-By: /usr/share/keyrings/a.gpg\n',
      ].join('\n'),
    );
  });

  it('rewrites the line of the own suite, keeping options and components', () => {
    const text =
      '# deb http://old.example/ bookworm main\ndeb [signed-by=/k.gpg] http://m.example/d bookworm main contrib\n';
    expect(sourceEntryForSuite('sources.list', text, 'bookworm', 'trixie')).toBe(
      'deb-src [signed-by=/k.gpg] http://m.example/d trixie main contrib\n',
    );
  });

  it('finds nothing in files of other archives', () => {
    const stanza = 'Types: deb\nURIs: http://other.example\nSuites: nodistro\nComponents: main\n';
    expect(sourceEntryForSuite('other.sources', stanza, 'bookworm', 'trixie')).toBeNull();
    expect(sourceEntryForSuite('other.list', 'deb http://o.example stable main', 'bookworm', 'trixie')).toBeNull();
  });
});
