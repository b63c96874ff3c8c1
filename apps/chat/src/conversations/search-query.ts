/** Of scripts that put no spaces between words. */
const WITHOUT_SPACES =
  /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[\u{20000}-\u{3134f}]/u;

/** The text to look for literally, in lower case, where Postgres would not find words; null when it does. */
export function literalQuery(query: string): string | null {
  return WITHOUT_SPACES.test(query) ? query.trim().toLowerCase() : null;
}
