/** Postgres takes neither NUL nor half of a surrogate pair: such characters are left out or replaced. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}

/** JSON text of a value for a `jsonb` parameter. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'string' ? storableText(item) : item));
}

/** A copy of plain data with all its texts storable. */
export function storable<T>(value: T): T {
  return JSON.parse(storableJson(value)) as T;
}
