import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, sharedData } from '@parley/testing';
import { ApiClient, type ExpectedError, expectError } from './support/api-client.js';
import { startEmbeddedSuite, type Suite } from './support/suite.js';

const MIB = 2 ** 20;
const MAX_FILE_BYTES = 2 * MIB;
const UPLOADS = '/v1/files';
const SEVERAL = '/api/v1/files';

type File = [name: string, content: string | Uint8Array<ArrayBuffer>];

function form(files: File[], field = 'file', fields: Record<string, string> = { purpose: 'assistants' }): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  for (const [name, content] of files) data.append(field, new Blob([content]), name);
  return data;
}

const fault = (status: number, code: string, param: string | null): ExpectedError => ({ status, code, param });
const large: File = ['large.txt', new Uint8Array(MAX_FILE_BYTES + 1)];
const small: File = ['small.txt', 'A small file.'];

let suite: Suite;
let api: ApiClient;

beforeAll(async () => {
  suite = await startEmbeddedSuite({ MAX_FILE_SIZE: '2MB', MAX_FILES_PER_REQUEST: '2' });
  api = new ApiClient(suite.baseUrl, suite.apiKey);
});
afterAll(() => suite?.stop());

async function storedFiles(): Promise<string[]> {
  const { json } = await api.call('GET', `${UPLOADS}?limit=100`);
  return (json!['data'] as { filename: string }[]).map(({ filename }) => filename);
}

describe('An upload', () => {
  const several = (count: number) => Array.from({ length: count }, (): File => small);

  it.each<[what: string, path: string, body: FormData | object, expected: ExpectedError]>([
    ['without a file', UPLOADS, form([]), fault(400, 'invalid_request', 'file')],
    ['without a purpose', UPLOADS, form([small], 'file', {}), fault(400, 'invalid_request', 'purpose')],
    ['for no purpose', UPLOADS, form([small], 'file', { purpose: 'fun' }), fault(400, 'invalid_request', 'purpose')],
    ['in another field', UPLOADS, form([small], 'document'), fault(400, 'invalid_request', 'document')],
    ['of a type that is not allowed', UPLOADS, form([['x.exe', 'x']]), fault(415, 'unsupported_file_type', 'file')],
    ['of no type', UPLOADS, form([['README', 'x']]), fault(415, 'unsupported_file_type', 'file')],
    ['of two files', UPLOADS, form(several(2)), fault(400, 'too_many_files', 'file')],
    ['of a large file', UPLOADS, form([large]), fault(413, 'file_too_large', 'file')],
    ['of too many files', SEVERAL, form(several(3), 'files'), fault(400, 'too_many_files', 'files')],
    ['of a large file among others', SEVERAL, form([small, large], 'files'), fault(413, 'file_too_large', 'file')],
    ['that is no form', UPLOADS, { file: 'x' }, fault(400, 'invalid_request', null)],
    ['that is no form of several', SEVERAL, { files: 'x' }, fault(400, 'invalid_request', null)],
    [
      'that expires at no known time',
      UPLOADS,
      form([small], 'file', { purpose: 'assistants', 'expires_after[anchor]': 'created_at' }),
      fault(400, 'invalid_request', 'expires_after[seconds]'),
    ],
    [
      'with too many fields',
      UPLOADS,
      form([small], 'file', Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`field${index}`, 'x']))),
      fault(400, 'invalid_request', null),
    ],
  ])('is refused %s, and leaves nothing behind', async (_what, path, body, expected) => {
    expectError(path, await api.call('POST', path, { body }), expected);
    expect(await storedFiles()).toEqual([]);
  });

  it.each([
    ['cut off', '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc'],
    ['garbage', 'garbage'],
  ])('is refused when its form is %s', async (_what, body) => {
    const type = 'multipart/form-data; boundary=b';
    expectError(UPLOADS, await api.call('POST', UPLOADS, { body, type }), fault(400, 'invalid_request', null));
  });

  it('is refused with 413 while it streams: the client learns of it long before it has sent everything', async () => {
    const { head, sentBytes } = await uploadWithoutEnd(suite, 64 * MAX_FILE_BYTES);
    expect(head).toMatch(/^HTTP\/1\.1 413 /);
    expect(head).toMatch(/\r\nx-request-id: /i);
    expect(head).toContain('"code":"file_too_large"');
    expect(sentBytes).toBeGreaterThanOrEqual(MAX_FILE_BYTES);
    expect(sentBytes).toBeLessThan(8 * MAX_FILE_BYTES);
    expect(await storedFiles()).toEqual([]);
  });

  it.each([
    ['../../../etc/passwd.txt', 'passwd.txt'],
    ['..\\..\\windows\\system.txt', 'system.txt'],
    ['a\0b.txt', 'ab.txt'],
    ['\u202etxt.exe.txt', 'txt.exe.txt'],
    [`${'n'.repeat(400)}.txt`, `${'n'.repeat(251)}.txt`],
    [`${'😀'.repeat(200)}.txt`, `${'😀'.repeat(125)}.txt`],
    ['مستند 日本語 👩‍👩‍👧.txt', 'مستند 日本語 👩‍👩‍👧.txt'],
  ])('keeps a name that can do no harm: %j', async (name, kept) => {
    const id = await api.id('POST', UPLOADS, { body: form([[name, 'text']]) });
    expect((await api.call('GET', `${UPLOADS}/${id}`)).json!['filename']).toBe(kept);
    const { headers, text } = await api.call('GET', `${UPLOADS}/${id}/content`);
    expect(text).toBe('text');
    expect(headers.get('content-disposition')).toContain(`filename*=UTF-8''${encodeURIComponent(kept)}`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    await api.call('DELETE', `${UPLOADS}/${id}`);
  });
});

describe('A file that cannot be read', () => {
  interface Settled {
    status: string;
    last_error: { code: string; message: string } | null;
    parley: { error_code: string | null };
  }
  let store: string;
  beforeAll(async () => {
    store = `/v1/vector_stores/${await api.id('POST', '/v1/vector_stores', { body: { name: 'unreadable' } })}/files`;
  });

  async function settled(name: string, content: Uint8Array<ArrayBuffer> | string): Promise<Settled> {
    const fileId = await api.id('POST', UPLOADS, { body: form([[name, content]]) });
    await api.id('POST', store, { body: { file_id: fileId } });
    return eventually(
      async () => {
        const { json } = await api.call('GET', `${store}/${fileId}`);
        expect(json!['status']).not.toBe('in_progress');
        return json as unknown as Settled;
      },
      { timeoutMs: 60_000, intervalMs: 100 },
    );
  }

  const failed = (code: string) => ({
    status: 'failed',
    last_error: { code: 'invalid_file', message: expect.stringMatching(/^The .*\.$/s) },
    parley: { stage: 'failed', error_code: code },
  });

  it.each([
    ['empty.txt', '', 'no_text'],
    ['blank.md', ' \n\t\n ', 'no_text'],
    ['named.pdf', 'This is no PDF.', 'corrupt'],
    ['noise.docx', new Uint8Array(randomBytes(4_096)), 'corrupt'],
  ])('fails with a reason: %s', async (name, content, code) => {
    expect(await settled(name, content)).toMatchObject(failed(code));
  });

  it.each([
    ['pdf/issue3371.pdf', 'encrypted'],
    ['pdf/testPassword4Spaces.pdf', 'encrypted'],
    ['pdf/testOCR.pdf', 'no_text'],
    ['pdf/bug1020226.pdf', 'corrupt'],
    ['pdf/Pages-tree-refs.pdf', 'corrupt'],
    ['pdf/png-named.pdf', 'corrupt'],
    ['docx/bug53475-password-is-pass.docx', 'encrypted'],
    ['docx/truncated62886.docx', 'corrupt'],
    ['docx/ExternalEntityInText.docx', 'corrupt'],
    ['docx/empty.docx', 'no_text'],
    ['docx/bomb-200mb.docx', 'too_large'],
    ['txt/zero-bytes.txt', 'no_text'],
  ])('fails with a reason: %s', async (path, code) => {
    const file = sharedData(`documents/${path}`);
    if (!file) return void process.stderr.write(`not checked: the shared documents are not here: ${path}\n`);
    expect(await settled(basename(file), new Uint8Array(readFileSync(file)))).toMatchObject(failed(code));
  });

  it('does not stand in the way of others, whatever bytes those hold', async () => {
    const { status } = await settled('odd.txt', 'NUL \0 and \u0007 bell and \ud83d\ude00 and שלום in one text.');
    expect(status).toBe('completed');
  });
});

/** Announces a file of `totalBytes` and sends it until the answer begins, as a client does that reads while it writes. */
async function uploadWithoutEnd({ baseUrl, apiKey }: Suite, totalBytes: number) {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  let head = '';
  socket.setEncoding('utf8').on('data', (text: string) => (head += text));
  await once(socket, 'connect');
  const start = `--b\r\nContent-Disposition: form-data; name="file"; filename="endless.txt"\r\n\r\n`;
  const lines = [`POST ${UPLOADS} HTTP/1.1`, 'host: parley', `authorization: Bearer ${apiKey}`];
  const more = ['content-type: multipart/form-data; boundary=b', `content-length: ${start.length + totalBytes}`];
  socket.write(`${[...lines, ...more].join('\r\n')}\r\n\r\n${start}`);
  const block = Buffer.alloc(64 * 1024, 'x');
  let sentBytes = 0;
  while (head === '' && sentBytes < totalBytes) {
    await new Promise((resolve) => socket.write(block, resolve));
    sentBytes += block.length;
  }
  await eventually(() => expect(head).toContain('}'));
  socket.destroy();
  return { head, sentBytes };
}
