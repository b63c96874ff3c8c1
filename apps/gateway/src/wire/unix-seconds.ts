/** ISO 8601 → the whole seconds since 1970 that OpenAI's objects carry. */
export function unixSeconds(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000);
}
