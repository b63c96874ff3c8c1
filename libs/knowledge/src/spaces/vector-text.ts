/** Half precision holds 11 bits: six digits of the largest component lose nothing and keep the text short. */
const DIGITS = 6;
/** Nothing that small is a number in half precision. */
const MAX_EXPONENT = 20;

/** A vector as pgvector reads it: whole numbers with an exponent, which are written and read fastest. */
export function vectorText(vector: ArrayLike<number>): string {
  let largest = 0;
  for (let index = 0; index < vector.length; index++) largest = Math.max(largest, Math.abs(vector[index]!));
  const exponent = largest > 0 ? Math.min(MAX_EXPONENT, DIGITS - Math.ceil(Math.log10(largest))) : 0;
  const scale = 10 ** exponent;
  const unit = `e${-exponent}`;
  return `[${Array.from(vector, (value) => Math.round(value * scale)).join(`${unit},`)}${unit}]`;
}
