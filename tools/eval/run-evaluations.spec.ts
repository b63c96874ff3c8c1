import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parseEvalArguments } from './arguments.js';
import { API_KEY, FakeApi } from './fixtures/fake-api.fixture.js';
import { Progress } from './progress.js';
import { type SetReport } from './report.js';
import { runEvaluations } from './run-evaluations.js';

const DOCUMENTS = 120;

describe('an evaluation of a running installation', () => {
  let folder: string;
  let api: FakeApi;
  let printed: string[];
  let told: string[];

  beforeEach(async () => {
    [folder, api] = [await mkdtemp(join(tmpdir(), 'parley-sets-')), await FakeApi.start()];
    for (const name of ['birds', 'fishes']) await writeSet(name);
    [printed, told] = [[], []];
    jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all([api.stop(), rm(folder, { recursive: true })]);
  });

  const writeSet = async (name: string) => {
    await mkdir(join(folder, name));
    const numbers = Array.from({ length: DOCUMENTS }, (_, index) => index);
    const lines = (of: (index: number) => object) => numbers.map((index) => JSON.stringify(of(index))).join('\n');
    const write = (file: string, content: string) => writeFile(join(folder, name, file), content);
    await write(
      'corpus.jsonl',
      lines((index) => ({ id: `d${index}`, title: name, text: `about number<${index}>` })),
    );
    await write(
      'queries.jsonl',
      lines((index) => ({ id: `q${index}`, text: `about number<${index}>` })),
    );
    await write('qrels.tsv', `query\tdocument\tgrade\n${numbers.map((n) => `q${n}\td${n}\t1`).join('\n')}\n`);
  };
  const evaluate = (line: string, key = API_KEY) => {
    const args = `${line} --collections ${folder} --url ${api.url} --api-key ${key} --limit 3`.split(' ');
    return runEvaluations(parseEvalArguments(args, {})!, new Progress(), new AbortController().signal);
  };

  it('takes all sets of a folder, says how far it is, and leaves nothing behind', async () => {
    expect(await evaluate('--set all')).toBe(0);
    expect(printed.map((text) => text.split(' ')[0])).toEqual(['birds', 'fishes']);
    for (const text of printed) {
      expect(text).toContain(`${DOCUMENTS} documents indexed in`);
      for (const leg of ['lexical', 'vector', 'hybrid', 'BM25'])
        expect(text).toMatch(new RegExp(`^${leg} +1\\.0000`, 'm'));
    }
    expect(told.join('')).toContain(`birds: uploaded ${DOCUMENTS}, indexed ${DOCUMENTS} of ${DOCUMENTS}`);
    expect([api.files.size, api.stores.size]).toEqual([0, 0]);
  });

  it('uploads a few at a time and attaches a hundred at once', async () => {
    await evaluate('--set birds');
    expect(api.mostUploadsAtOnce).toBeLessThanOrEqual(8);
    expect(api.batchSizes).toEqual([100, 20]);
    // The one that was refused was sent again.
    expect(api.uploads).toBe(DOCUMENTS + 1);
  });

  it('keeps what it has indexed when told to, and uses it again', async () => {
    await evaluate('--set birds --keep');
    const uploads = api.uploads;
    expect(await evaluate('--set birds --keep')).toBe(0);
    expect(api.uploads).toBe(uploads);
    expect(printed.at(-1)).toContain('indexed before');
  });

  it('prints JSON when told to', async () => {
    await evaluate('--set birds --json --legs hybrid --baseline none');
    const [report] = JSON.parse(printed.join('')) as SetReport[];
    expect(report).toMatchObject({ set: 'birds', queries: 3, failures: {}, baseline: null });
    expect(report!.legs).toMatchObject([
      { leg: 'hybrid', ndcg10: 1, recall10: 1, hit5: 1, ms: { p50: expect.any(Number) } },
    ]);
  });

  it('says what the installation says when it refuses', async () => {
    await expect(evaluate('--set birds', 'wrong')).rejects.toThrow('answered 401: Incorrect API key provided.');
  });
});
