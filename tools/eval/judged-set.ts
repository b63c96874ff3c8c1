import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

export interface SetDocument {
  id: string;
  title: string;
  text: string;
}

export interface SetQuery {
  id: string;
  text: string;
}

/** Documents, questions, and who answers what: query → document → grade, above 0 is relevant. */
export interface JudgedSet {
  name: string;
  /** The file that the judgements are from. */
  qrels: string;
  documents: SetDocument[];
  queries: SetQuery[];
  judgements: Map<string, Map<string, number>>;
}

/** What is wrong with the files of a set, all of it, with the lines. */
export class SetError extends Error {
  override readonly name = 'SetError';
}

const MAX_FAULTS = 10;
const MAX_QUERY_CHARACTERS = 8_192;

/** The folder of a set that was named by its name or by its path. @throws SetError that says which there are */
export async function findSet(nameOrPath: string, collectionsFolder: string): Promise<string> {
  for (const folder of [resolve(nameOrPath), join(collectionsFolder, nameOrPath)]) {
    const isFolder = await stat(folder).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (isFolder) return folder;
  }
  const known = await listSets(collectionsFolder);
  const hint = known.length > 0 ? `${collectionsFolder} has ${known.join(', ')}` : `${collectionsFolder} has none`;
  throw new SetError(`There is no set ${nameOrPath}: give the path of a folder, or the name of one (${hint}).`);
}

/** Names of the sets in a folder of sets. */
export async function listSets(collectionsFolder: string): Promise<string[]> {
  const entries = await readdir(collectionsFolder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/**
 * Reads `corpus.jsonl` {id, title?, text}, `queries.jsonl` {id, text} and `<qrels>.tsv` (a header line; query_id, doc_id,
 * grade). Fields besides these are ignored.
 * @throws SetError naming every fault with its file and line
 */
export async function readSet(folder: string, qrels = 'qrels'): Promise<JudgedSet> {
  const faults: string[] = [];
  const qrelsFile = qrels.endsWith('.tsv') ? qrels : `${qrels}.tsv`;
  const read = (file: string) => readText(folder, file, faults);
  const [corpus, queries, judged] = await Promise.all([read('corpus.jsonl'), read('queries.jsonl'), read(qrelsFile)]);
  const documents = jsonLines(corpus, 'corpus.jsonl', faults, ['id', 'text'], ['title']).map(({ id, title, text }) => ({
    id: id!,
    title: title ?? '',
    text: text!,
  }));
  const asked = jsonLines(queries, 'queries.jsonl', faults, ['id', 'text'], []).map(({ id, text }) => ({
    id: id!,
    text: text!,
  }));
  checkQueries(asked, faults);
  const known = { documents: idsOf(documents), queries: idsOf(asked) };
  const judgements = readJudgements(judged, qrelsFile, known, faults);
  if (faults.length > 0) throw new SetError(report(folder, faults));
  return { name: basename(resolve(folder)), qrels: qrelsFile, documents, queries: asked, judgements };
}

async function readText(folder: string, file: string, faults: string[]): Promise<string | null> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(join(folder, file)));
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    faults.push(`${file} ${isMissing ? 'is missing' : `cannot be read: ${(error as Error).message}`}`);
    return null;
  }
}

/** Line numbers count from 1; empty lines are skipped. */
function* linesOf(text: string): Generator<{ line: string; number: number }> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() !== '') yield { line, number: index + 1 };
  }
}

function jsonLines(
  content: string | null,
  file: string,
  faults: string[],
  required: string[],
  optional: string[],
): Record<string, string>[] {
  if (content === null) return [];
  const rows: Record<string, string>[] = [];
  const firstLine = new Map<string, number>();
  for (const { line, number } of linesOf(content)) {
    const row = parseRow(line, required, optional);
    if (typeof row === 'string') {
      faults.push(`${file} line ${number}: ${row}`);
      continue;
    }
    const id = row['id']!;
    const earlier = firstLine.get(id);
    if (earlier === undefined) firstLine.set(id, number);
    else faults.push(`${file} line ${number}: the id ${JSON.stringify(id)} is on line ${earlier} already`);
    rows.push(row);
  }
  if (rows.length === 0 && firstLine.size === 0) faults.push(`${file} has no usable line`);
  return rows;
}

/** The row's fields, numbers as text where an id is one; or what is wrong with it. */
function parseRow(line: string, required: string[], optional: string[]): Record<string, string> | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a JSON object';
  const fields = value as Record<string, unknown>;
  const row: Record<string, string> = {};
  for (const key of [...required, ...optional]) {
    const field = fields[key];
    if (typeof field === 'string') row[key] = field;
    else if (key === 'id' && typeof field === 'number') row[key] = String(field);
    else if (field !== undefined && field !== null) return `${key} must be a string`;
    else if (required.includes(key)) return `${key} is missing`;
  }
  return row['id'] === '' ? 'id is empty' : row;
}

function checkQueries(queries: SetQuery[], faults: string[]): void {
  for (const { id, text } of queries) {
    const name = `queries.jsonl: the text of ${JSON.stringify(id)}`;
    if (text.trim() === '') faults.push(`${name} is empty`);
    if (text.length > MAX_QUERY_CHARACTERS) faults.push(`${name} has more than ${MAX_QUERY_CHARACTERS} characters`);
  }
}

function readJudgements(
  content: string | null,
  file: string,
  known: { documents: ReadonlySet<string>; queries: ReadonlySet<string> },
  faults: string[],
): Map<string, Map<string, number>> {
  const judgements = new Map<string, Map<string, number>>();
  for (const { line, number } of linesOf(content ?? '')) {
    if (number === 1) continue;
    const [query = '', document = '', grade = '', ...rest] = line.split('\t');
    const fault = faultOf({ query, document, grade, rest }, known);
    if (fault) {
      faults.push(`${file} line ${number}: ${fault}`);
      continue;
    }
    const ofQuery = judgements.get(query) ?? new Map<string, number>();
    judgements.set(query, ofQuery);
    if (ofQuery.has(document)) faults.push(`${file} line ${number}: ${query} and ${document} are judged twice`);
    ofQuery.set(document, Number(grade));
  }
  if (content !== null && judgements.size === 0) faults.push(`${file} has no usable line after its header`);
  return judgements;
}

function faultOf(
  { query, document, grade, rest }: { query: string; document: string; grade: string; rest: string[] },
  known: { documents: ReadonlySet<string>; queries: ReadonlySet<string> },
): string | null {
  if (grade === '' || rest.length > 0) return 'not three columns (query_id, doc_id, grade) set apart by tabs';
  if (!Number.isFinite(Number(grade))) return `the grade ${JSON.stringify(grade)} is not a number`;
  if (!known.queries.has(query)) return `queries.jsonl has no ${JSON.stringify(query)}`;
  if (!known.documents.has(document)) return `corpus.jsonl has no ${JSON.stringify(document)}`;
  return null;
}

function idsOf(rows: readonly { id: string }[]): Set<string> {
  return new Set(rows.map(({ id }) => id));
}

function report(folder: string, faults: string[]): string {
  const more = faults.length > MAX_FAULTS ? [`  … and ${faults.length - MAX_FAULTS} more`] : [];
  return [`${folder} is not a usable set:`, ...faults.slice(0, MAX_FAULTS).map((fault) => `  ${fault}`), ...more].join(
    '\n',
  );
}
