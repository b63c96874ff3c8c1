const DELIMITERS = [',', ';', '\t', '|'] as const;
const SAMPLE_CHARS = 64 * 1024;
const EXCEL_HINT = /^sep=([^\r\n])\r?\n/;

export interface CsvDialect {
  delimiter: string;
  /** False when a quotation mark is never closed: then it is an inch sign, not a quotation. */
  quoted: boolean;
  /** Where the first record begins, behind Excel's `sep=` line. */
  start: number;
}

/** The delimiter that parts the most records into the same number of cells. */
export function detectDialect(text: string): CsvDialect {
  const hint = EXCEL_HINT.exec(text);
  const start = hint?.[0].length ?? 0;
  const sample = text.slice(start, start + SAMPLE_CHARS);
  let best = { delimiter: hint?.[1] ?? ',', score: 0 };
  for (const delimiter of hint ? [] : DELIMITERS) {
    const score = evenness(scan(sample, delimiter).delimiters);
    if (score > best.score) best = { delimiter, score };
  }
  return { delimiter: best.delimiter, quoted: !scan(text, best.delimiter, start).open, start };
}

/** The share of records with the most usual count of delimiters; the count itself only breaks ties. */
function evenness(counts: readonly number[]): number {
  const records = new Map<number, number>();
  for (const count of counts) records.set(count, (records.get(count) ?? 0) + 1);
  let best = 0;
  for (const [count, times] of records) {
    if (count > 0) best = Math.max(best, times / counts.length + Math.min(count, 100) / 1000);
  }
  return best;
}

/** Delimiters outside quotation marks, per record that is not empty, and whether a quotation is left open. */
function scan(text: string, delimiter: string, start = 0): { delimiters: number[]; open: boolean } {
  const delimiters: number[] = [];
  let count = 0;
  let quoted = false;
  let cellStart = start;
  let recordStart = start;
  for (let index = start; index < text.length; index++) {
    const character = text[index];
    if (quoted) {
      if (character !== '"') continue;
      if (text[index + 1] === '"') index++;
      else quoted = !endsCell(text[index + 1], delimiter);
    } else if (character === '"' && index === cellStart) {
      quoted = true;
    } else if (character === delimiter) {
      count++;
      cellStart = index + 1;
    } else if (character === '\n' || character === '\r') {
      if (index > recordStart) delimiters.push(count);
      count = 0;
      cellStart = recordStart = index + 1;
    }
  }
  if (text.length > recordStart) delimiters.push(count);
  return { delimiters, open: quoted };
}

function endsCell(next: string | undefined, delimiter: string): boolean {
  return next === undefined || next === delimiter || next === '\n' || next === '\r';
}
