const LONG_RUN = /[\p{L}\p{M}]{128}|\s{128}|[^\s\p{L}\p{M}\p{N}]{128}/gu;

/**
 * A text in parts that have no more than 128 letters, spaces or signs on end. The library merges such a run in quadratic
 * time. Ordinary text has no longer ones and comes back whole; elsewhere a cut may cost a token.
 */
export function* withoutLongRuns(text: string): Generator<string> {
  let start = 0;
  for (const run of text.matchAll(LONG_RUN)) {
    const end = run.index + run[0].length;
    yield text.slice(start, end);
    start = end;
  }
  if (start < text.length) yield start === 0 ? text : text.slice(start);
}
