/** The share of the first k of two rankings that they have in common; null when both are empty. */
export function overlapAt(k: number, one: readonly string[], other: readonly string[]): number | null {
  const [first, second] = [new Set(one.slice(0, k)), new Set(other.slice(0, k))];
  const longest = Math.max(first.size, second.size);
  return longest === 0 ? null : [...first].filter((id) => second.has(id)).length / longest;
}
