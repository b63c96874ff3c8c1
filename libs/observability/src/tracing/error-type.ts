/** What kind of error it is: its stable code, or the name of its class. Bounded, and without what its message says. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code, name } = error as Error & { code?: unknown };
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : name;
}
