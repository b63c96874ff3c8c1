import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findSet, readSet } from './judged-set.js';

const GOOD = {
  'corpus.jsonl': '{"id": "d1", "title": "One", "text": "first"}\n{"id": 2, "text": ""}\r\n\n',
  'queries.jsonl': '{"id": "q1", "text": "what?", "answers": ["x"]}\n',
  'qrels.tsv': 'query_id\tdoc_id\tgrade\nq1\td1\t2\nq1\t2\t0\n',
};

describe('a judged set', () => {
  let folder: string;

  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'parley-set-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (files: Record<string, string | Uint8Array>) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return folder;
  };
  const faultsOf = async (files: Record<string, string | Uint8Array>) => {
    await write({ ...GOOD, ...files });
    return readSet(folder).then(
      () => [],
      (error: Error) =>
        error.message
          .split('\n')
          .slice(1)
          .map((line) => line.trim()),
    );
  };

  it('is read with its titles, its gaps and its grades', async () => {
    const set = await readSet(await write(GOOD));
    expect(set.documents).toEqual([
      { id: 'd1', title: 'One', text: 'first' },
      { id: '2', title: '', text: '' },
    ]);
    expect(set.queries).toEqual([{ id: 'q1', text: 'what?' }]);
    expect(set.judgements.get('q1')).toEqual(
      new Map([
        ['d1', 2],
        ['2', 0],
      ]),
    );
  });

  it('may have other judgements beside the usual ones', async () => {
    await write({ ...GOOD, 'strict.tsv': 'header\nq1\t2\t1\n' });
    const set = await readSet(folder, 'strict');
    expect([set.qrels, set.judgements.get('q1')]).toEqual(['strict.tsv', new Map([['2', 1]])]);
  });

  it('says on which line what is wrong', async () => {
    const corpus = '{"id": "d1", "text": "a"}\n{"id": "d1", "text": "b"}\n[]\n{nonsense\n{"id": "d3", "text": 7}\n';
    expect(await faultsOf({ 'corpus.jsonl': `${corpus}{"text": "b"}`, 'qrels.tsv': 'h\nq1\td1\t1\n' })).toEqual([
      'corpus.jsonl line 2: the id "d1" is on line 1 already',
      'corpus.jsonl line 3: not a JSON object',
      'corpus.jsonl line 4: not JSON',
      'corpus.jsonl line 5: text must be a string',
      'corpus.jsonl line 6: id is missing',
    ]);
    expect(await faultsOf({ 'qrels.tsv': 'h\nq1 d1 1\nq1\td1\thigh\nq9\td1\t1\nq1\td9\t1\n' })).toEqual([
      'qrels.tsv line 2: not three columns (query_id, doc_id, grade) set apart by tabs',
      'qrels.tsv line 3: the grade "high" is not a number',
      'qrels.tsv line 4: queries.jsonl has no "q9"',
      'qrels.tsv line 5: corpus.jsonl has no "d9"',
      'qrels.tsv has no usable line after its header',
    ]);
    expect(await faultsOf({ 'queries.jsonl': '{"id": "q1", "text": " "}' })).toEqual([
      'queries.jsonl: the text of "q1" is empty',
    ]);
    expect(await faultsOf({ 'qrels.tsv': 'h\nq1\td1\t1\nq1\td1\t2\n' })).toEqual([
      'qrels.tsv line 3: q1 and d1 are judged twice',
    ]);
  });

  it('says which of its files are missing, empty or not UTF-8', async () => {
    expect(await faultsOf({ 'corpus.jsonl': Uint8Array.of(0x7b, 0xff) })).toEqual([
      expect.stringMatching(/^corpus\.jsonl cannot be read: .*not valid/),
      'qrels.tsv line 2: corpus.jsonl has no "d1"',
      'qrels.tsv line 3: corpus.jsonl has no "2"',
      'qrels.tsv has no usable line after its header',
    ]);
    await rm(join(folder, 'queries.jsonl'));
    await expect(readSet(folder)).rejects.toThrow('queries.jsonl is missing');
    await expect(readSet(folder, 'other')).rejects.toThrow('other.tsv is missing');
    expect(await faultsOf({ 'corpus.jsonl': '\n', 'qrels.tsv': 'h\n' })).toEqual([
      'corpus.jsonl has no usable line',
      'qrels.tsv has no usable line after its header',
    ]);
  });

  it('tells the first faults of many, and how many more there are', async () => {
    const faults = await faultsOf({ 'corpus.jsonl': `${GOOD['corpus.jsonl']}${'{\n'.repeat(30)}` });
    expect([faults.length, faults.at(-1)]).toEqual([11, '… and 20 more']);
  });

  it('is found by path or by name', async () => {
    expect(await findSet(folder, '/nowhere')).toBe(folder);
    expect(await findSet('.', folder)).toBe(process.cwd());
    await expect(findSet('nothing', '/nowhere')).rejects.toThrow('There is no set nothing');
  });
});
