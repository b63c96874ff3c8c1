import pgvector from 'pgvector';

/** Half precision holds 11 bits: five digits lose nothing and keep the text short. */
const DIGITS = 5;

/** A vector as pgvector reads it. */
export function vectorText(vector: ArrayLike<number>): string {
  return pgvector.toSql(Array.from(vector, rounded)) as string;
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
