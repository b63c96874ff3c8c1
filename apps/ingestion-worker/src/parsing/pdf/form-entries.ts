/** Bits of an annotation's flags: hidden, and not shown on screen. */
const INVISIBLE = 2 | 32;

/** What people typed into a page: values of its form fields, and text notes that are part of the page. */
export function formEntries(annotations: readonly unknown[]): string[] {
  return annotations.map(entryOf).filter((entry) => entry !== '');
}

function entryOf(annotation: unknown): string {
  if (typeof annotation !== 'object' || annotation === null) return '';
  const { subtype, annotationFlags, fieldType, fieldValue, alternativeText, fieldName, contentsObj, password } =
    annotation as Record<string, unknown>;
  if (typeof annotationFlags === 'number' && (annotationFlags & INVISIBLE) !== 0) return '';
  if (subtype === 'FreeText') return textOf((contentsObj as { str?: unknown } | undefined)?.str);
  if (subtype !== 'Widget' || password === true || (fieldType !== 'Tx' && fieldType !== 'Ch')) return '';
  const value = (Array.isArray(fieldValue) ? fieldValue : [fieldValue]).map(textOf).filter(Boolean).join(', ');
  const name = textOf(alternativeText) || textOf(fieldName);
  return value === '' || name === '' ? value : `${name}: ${value}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
