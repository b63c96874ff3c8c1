const NUMBER = /^[-+(]?[$€£¥]?\s?\d[\d.,'\s]*%?\)?$|^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}/;
const YEAR = /^(?:19|20)\d\d$/;

/**
 * Finds the record that names the columns.
 * @param records the first records of the file
 * @returns its index, or undefined when the file begins with data
 */
export function headerIndex(records: readonly (readonly string[])[]): number | undefined {
  const widths = records.map((record) => record.filter((cell) => cell.trim() !== '').length);
  const index = widths.findIndex((width) => width > Math.max(...widths) / 2);
  const candidate = records[index];
  if (!candidate) return undefined;
  const body = records.slice(index + 1);
  const votes = candidate.map((name, column) =>
    headerVote(
      name.trim(),
      body.map((record) => record[column]?.trim() ?? ''),
    ),
  );
  return votes.reduce<number>((sum, vote) => sum + vote, 0) >= 0 ? index : undefined;
}

/** A column of numbers speaks for a header when its name is none, and against it when the first cell is a number, too. */
function headerVote(name: string, cells: readonly string[]): number {
  const filled = cells.filter((cell) => cell !== '');
  const numbers = filled.filter((cell) => NUMBER.test(cell));
  if (filled.length === 0 || numbers.length < filled.length * 0.8) return 0;
  const namesAYear = YEAR.test(name) && !numbers.every((cell) => YEAR.test(cell));
  return NUMBER.test(name) && !namesAYear ? -1 : 1;
}
