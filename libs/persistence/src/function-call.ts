/** A call of an SQL function by the names of its arguments, which all begin with `p_`: `{ run }` is `p_run`. */
export function functionCall(name: string, args: Record<string, unknown>): { sql: string; values: unknown[] } {
  const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
  return { sql: `select ${name}(${names.join(', ')}) as result`, values: Object.values(args) };
}
