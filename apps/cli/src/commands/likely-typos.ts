const MAX_DISTANCE = 2;
const MIN_LENGTH = 6;

export interface Typo {
  name: string;
  meant: string;
}

/** Of the names that are set, those that nobody reads and that are nearly the name of one that somebody does. */
export function likelyTypos(names: readonly string[], known: readonly string[]): Typo[] {
  const isKnown = new Set(known.flatMap((name) => [name, `${name}_FILE`]));
  const found: Typo[] = [];
  for (const name of names) {
    if (isKnown.has(name) || name.length < MIN_LENGTH) continue;
    const meant = known.find((other) => distance(name, other) <= MAX_DISTANCE);
    if (meant !== undefined) found.push({ name, meant });
  }
  return found;
}

/** Letters to insert, remove or exchange (Levenshtein); more than allowed is told without counting on. */
function distance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > MAX_DISTANCE) return Infinity;
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const exchanged = above[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(exchanged, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[right.length]!;
}
