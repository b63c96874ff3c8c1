const MAX_LENGTH = 60;

/** A conversation's title from its first message: one line of at most 60 characters, cut between words. Null without text. */
export function titleOf(text: string): string | null {
  const line = text.trim().replace(/\s+/g, ' ');
  if (line === '') return null;
  if (line.length <= MAX_LENGTH) return line;
  const space = line.lastIndexOf(' ', MAX_LENGTH - 1);
  const cut = line.slice(0, space > 0 ? space : MAX_LENGTH - 1);
  return `${cut.replace(/[\uD800-\uDBFF]$/, '')}…`;
}
