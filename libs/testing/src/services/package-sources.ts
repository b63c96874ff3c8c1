/**
 * Rewrites the entry of an apt source file that serves the machine's own suite into one for the source packages of
 * another suite: same mirror, same keys. Understands deb822 (`.sources`) and one-line (`.list`) files.
 * Returns null when the file has no such entry.
 */
export function sourceEntryForSuite(
  fileName: string,
  text: string,
  ownSuite: string,
  otherSuite: string,
): string | null {
  return fileName.endsWith('.sources')
    ? rewriteStanza(text, ownSuite, otherSuite)
    : rewriteLine(text, ownSuite, otherSuite);
}

function rewriteStanza(text: string, ownSuite: string, otherSuite: string): string | null {
  const stanza = text
    .split(/\n\s*\n/)
    .map((part) => part.replace(/^#.*\n?/gm, ''))
    .find((part) => /^Types:.*\bdeb\b/m.test(part) && fieldOf(part, 'Suites').includes(ownSuite));
  if (!stanza) return null;
  const enabled = stanza.replace(/^Enabled:.*\n?/gm, '');
  return (
    enabled
      .replace(/^Types:.*$/m, 'Types: deb-src')
      .replace(/^Suites:.*$/m, `Suites: ${otherSuite}`)
      .trim() + '\n'
  );
}

function fieldOf(stanza: string, name: string): string[] {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
}

function rewriteLine(text: string, ownSuite: string, otherSuite: string): string | null {
  for (const line of text.split('\n')) {
    const [, options = '', uri, suite, components] =
      /^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim()) ?? [];
    if (suite === ownSuite) return `deb-src ${options}${uri} ${otherSuite} ${components}\n`;
  }
  return null;
}
