/** The oldest versions Parley supports. */
export const MINIMUM_VERSIONS = { postgres: '15', pgvector: '0.8', rabbitmq: '3.10', redis: '6' } as const;

/** Compares the leading dotted numbers; understands Debian's epochs and suffixes (`5:7.0.15-1~deb12u1`). */
export function isAtLeast(actual: string, minimum: string): boolean {
  const [a, b] = [numbers(actual), numbers(minimum)];
  for (let index = 0; index < b.length; index++) {
    const difference = (a[index] ?? 0) - b[index]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): number[] {
  const dotted = /\d+(?:\.\d+)*/.exec(version.replace(/^\d+:/, ''));
  return dotted ? dotted[0].split('.').map(Number) : [0];
}
