import { DomainError } from '@parley/contracts';

const MAX_DEPTH = 8;
const MAX_CONDITIONS = 100;
const MAX_KEY_CHARACTERS = 64;
const MAX_STRING_CHARACTERS = 512;

type Scalar = string | number | boolean;

const OPERATORS = { eq: '==', ne: '==', gt: '>', gte: '>=', lt: '<', lte: '<=', in: '==', nin: '==' } as const;
type Comparison = keyof typeof OPERATORS;

const isComparison = (type: unknown): type is Comparison => typeof type === 'string' && Object.hasOwn(OPERATORS, type);

/**
 * OpenAI's attribute filter as an SQL/JSON path predicate over a document's attributes: one bound parameter of a
 * statement, whatever the filter's shape. A missing attribute, and one of another type, equals nothing and is neither
 * greater nor less; `ne` and `nin` are the opposites of `eq` and `in`.
 * @throws DomainError `invalid_request` that names the part at fault, for example `filters.filters[1].value`
 */
export function compileFilter(filter: unknown): string {
  let conditions = 0;
  const compile = (node: unknown, at: string, depth: number): string => {
    const { type, ...rest } = objectAt(node, at);
    if (type === 'and' || type === 'or') {
      if (depth === MAX_DEPTH) throw invalid(at, `Filters nest at most ${MAX_DEPTH} deep.`);
      const parts = listAt(rest.filters, `${at}.filters`).map((part, index) =>
        compile(part, `${at}.filters[${index}]`, depth + 1),
      );
      return `(${parts.join(type === 'and' ? ' && ' : ' || ')})`;
    }
    if (!isComparison(type))
      throw invalid(`${at}.type`, `A filter's type is and, or, ${Object.keys(OPERATORS).join(', ')}.`);
    const values = valuesAt(type, rest.value, `${at}.value`);
    conditions += values.length;
    if (conditions > MAX_CONDITIONS) throw invalid(at, `A filter has at most ${MAX_CONDITIONS} values.`);
    return comparison(type, keyAt(rest.key, `${at}.key`), values);
  };
  return compile(filter, 'filters', 1);
}

/** `exists` turns a comparison that is unknown, as between a text and a number, into false, so that `!` is its opposite. */
function comparison(type: Comparison, key: string, values: Scalar[]): string {
  const tests = values.map((value) => `@ ${OPERATORS[type]} ${JSON.stringify(value)}`);
  const exists = `exists($.${JSON.stringify(key)} ? (${tests.join(' || ')}))`;
  return type === 'ne' || type === 'nin' ? `(!${exists})` : exists;
}

function objectAt(node: unknown, at: string): Record<string, unknown> {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) throw invalid(at, 'A filter is an object.');
  return node as Record<string, unknown>;
}

function listAt(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid(at, 'This has to be a list that is not empty.');
  if (value.length > MAX_CONDITIONS) throw invalid(at, `This list has at most ${MAX_CONDITIONS} entries.`);
  return value;
}

function keyAt(key: unknown, at: string): string {
  if (typeof key !== 'string' || key === '' || key.length > MAX_KEY_CHARACTERS || !isStorable(key)) {
    throw invalid(at, `An attribute's key is a text of 1 to ${MAX_KEY_CHARACTERS} characters.`);
  }
  return key;
}

function valuesAt(type: Comparison, value: unknown, at: string): Scalar[] {
  if (type !== 'in' && type !== 'nin') return [scalarAt(value, at)];
  return listAt(value, at).map((item, index) => scalarAt(item, `${at}[${index}]`));
}

function scalarAt(value: unknown, at: string): Scalar {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (typeof value === 'string' && value.length <= MAX_STRING_CHARACTERS && isStorable(value)) return value;
  throw invalid(at, `A value is a text of at most ${MAX_STRING_CHARACTERS} characters, a finite number or a boolean.`);
}

/** What Postgres cannot store it cannot compare either. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0');

function invalid(param: string, message: string): DomainError {
  return new DomainError('invalid_request', message, { param });
}
