import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DeleteFile, DomainError, type FileView, GetFile, ListFiles, RegisterFile } from '@parley/contracts';
import { eventually } from '@parley/testing';
import OpenAI, { toFile } from 'openai';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const BOUNDARY = 'xxxxBOUNDARYxxxx';
const HEAD = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="big.txt"\r\ncontent-type: text/plain\r\n\r\n`;

describe('/v1/files', () => {
  let app: RoutesApp;
  let client: OpenAI;
  const known = new Map<string, FileView>();

  beforeAll(async () => {
    app = await createRoutesApp({ MAX_FILE_SIZE: '1MB' });
    client = new OpenAI({ apiKey: 'pk_test', baseURL: `${app.url}/v1`, maxRetries: 0 });
  });
  afterAll(() => app.close());
  afterEach(async () => {
    known.clear();
    await app.forgetBlobs();
  });
  beforeEach(() => {
    app.bus.reset();
    const find = (id: string) => {
      const view = known.get(id);
      if (!view) throw DomainError.notFound('file');
      return view;
    };
    app.bus
      .on(RegisterFile, (request) => {
        const view = { ...request, createdAt: '2026-01-02T03:04:05.678Z' };
        known.set(view.id, view);
        return view;
      })
      .on(GetFile, ({ id }) => find(id))
      .on(DeleteFile, ({ id }) => {
        find(id);
        known.delete(id);
        return { id, deleted: true };
      })
      .on(ListFiles, ({ limit, purpose, after }) => {
        const all = [...known.values()].filter((view) => !purpose || view.purpose === purpose);
        const rest = after ? all.slice(all.findIndex(({ id }) => id === after) + 1) : all;
        return { data: rest.slice(0, limit), hasMore: rest.length > limit };
      });
  });

  const upload = async (content: Buffer | string, name: string) =>
    client.files.create({ file: await toFile(Buffer.from(content), name), purpose: 'assistants' });
  const send = (form: FormData, path = '/v1/files') => fetch(`${app.url}${path}`, { method: 'POST', body: form });

  /** An upload whose body the test writes by hand. */
  const open = () => {
    const request = httpRequest(`${app.url}/v1/files`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    });
    const answer = new Promise<{ status: number; text: string }>((resolve, reject) => {
      request.on('error', reject).on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data) => (text += data));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      });
    });
    answer.catch(() => undefined);
    request.write(HEAD);
    return { request, answer };
  };

  it('takes files for a time, as the official SDK asks for it', async () => {
    app.bus.on(RegisterFile, (request) => ({
      ...request,
      createdAt: '2026-01-02T03:04:05.678Z',
      expiresAt: '2026-01-02T04:04:05.678Z',
    }));
    const fields = { file: await toFile(Buffer.from('x'), 'a.txt'), purpose: 'user_data' as const };
    const expiry = (seconds: number) => ({ ...fields, expires_after: { anchor: 'created_at' as const, seconds } });
    expect(await client.files.create(expiry(3_600))).toMatchObject({ created_at: 1767323045, expires_at: 1767326645 });
    expect(app.bus.asked(RegisterFile)).toMatchObject([{ expiresAfterSeconds: 3_600 }]);
    await expect(client.files.create(expiry(60))).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      param: 'expires_after[seconds]',
    });
    expect(await app.blobs()).toHaveLength(1);
  });

  it('uploads, gets, lists, downloads and deletes with the official SDK', async () => {
    const content = randomBytes(700_000);
    const file = await upload(content, 'Übersicht.pdf');
    expect(file).toEqual({
      id: expect.stringMatching(/^file-[0-9a-f]{32}$/),
      object: 'file',
      bytes: 700_000,
      created_at: 1767323045,
      filename: 'Übersicht.pdf',
      purpose: 'assistants',
      status: 'processed',
      status_details: null,
      expires_at: null,
    });
    expect(await client.files.retrieve(file.id)).toEqual(file);
    const listed = await client.files.list({ purpose: 'assistants' });
    expect(listed.data).toEqual([file]);
    const download = await client.files.content(file.id);
    expect(Buffer.from(await download.arrayBuffer()).equals(content)).toBe(true);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
  });

  it('pages through a list', async () => {
    for (const name of ['1.txt', '2.txt', '3.txt']) await upload('x', name);
    const names: string[] = [];
    for await (const file of client.files.list({ limit: 2, order: 'asc' })) names.push(file.filename);
    expect(names).toEqual(['1.txt', '2.txt', '3.txt']);
    expect(app.bus.asked(ListFiles)).toHaveLength(2);
  });

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=many'],
    ['order', 'order=random'],
    ['purpose', 'purpose=fun'],
    ['after', 'after=vs_1'],
  ])('refuses a list with a bad %s', async (param, query) => {
    const response = await fetch(`${app.url}/v1/files?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_request', param } });
  });

  it('serves an original so that no browser shows it as a page of ours', async () => {
    const { id } = await upload('<script>alert(1)</script>', 'page.html');
    const response = await client.files.content(id);
    const { headers } = response;
    expect(await response.text()).toBe('<script>alert(1)</script>');
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-length': '25',
      'content-disposition': `attachment; filename="page.html"; filename*=UTF-8''page.html`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
  });

  it('takes the fields in any order', async () => {
    const form = new FormData();
    form.append('file', new Blob(['hello']), 'a.txt');
    form.append('purpose', 'user_data');
    const response = await send(form);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ purpose: 'user_data', bytes: 5 });
  });

  it('answers 413 while the client still sends, and keeps nothing', async () => {
    const { request, answer } = open();
    for (let sent = 0; sent < 3; sent += 1) request.write(Buffer.alloc(512 * 1024));
    expect(await answer).toMatchObject({ status: 413, text: expect.stringContaining('"code":"file_too_large"') });
    expect(request.writableEnded).toBe(false);
    request.destroy();
    expect(await app.blobs()).toEqual([]);
    expect(app.bus.requests).toEqual([]);
  });

  it('lets a client that sends everything first read the 413', async () => {
    const failure = upload(Buffer.alloc(4 * 1024 * 1024), 'a.txt');
    await expect(failure).rejects.toMatchObject({ status: 413, code: 'file_too_large', param: 'file' });
    expect(await app.blobs()).toEqual([]);
  });

  it('answers 415 for other types', async () => {
    const failure = upload('MZ', 'setup.exe');
    await expect(failure).rejects.toMatchObject({ status: 415, code: 'unsupported_file_type' });
    expect(await app.blobs()).toEqual([]);
  });

  it('keeps nothing of an upload whose client goes away', async () => {
    const { request } = open();
    request.write(Buffer.alloc(100_000));
    await eventually(async () => expect(await app.blobs()).toHaveLength(1));
    request.destroy();
    await eventually(async () => expect(await app.blobs()).toEqual([]));
    expect(app.bus.requests).toEqual([]);
  });

  it('keeps nothing of a form that breaks off', async () => {
    const { request, answer } = open();
    request.end('half a file');
    expect(await answer).toMatchObject({ status: 400, text: expect.stringContaining('malformed or was cut off') });
    expect(await app.blobs()).toEqual([]);
  });

  it('keeps nothing when the file cannot be registered', async () => {
    app.bus.on(RegisterFile, () => {
      throw new DomainError('service_unavailable', 'No instance of memory is running.', { retryAfterMs: 2_000 });
    });
    const failure = upload('hello', 'a.txt');
    await expect(failure).rejects.toMatchObject({ status: 503, code: 'service_unavailable' });
    expect(await app.blobs()).toEqual([]);
  });

  it('takes one file', async () => {
    const form = new FormData();
    form.append('purpose', 'assistants');
    for (const name of ['a.txt', 'b.txt']) form.append('file', new Blob(['x']), name);
    const response = await send(form);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'too_many_files' } });
    expect(await app.blobs()).toEqual([]);
  });

  it.each([
    ['JSON', { 'content-type': 'application/json' }, '{}', 400],
    ['a form without a boundary', { 'content-type': 'multipart/form-data' }, 'x', 400],
    ['an empty form', { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }, `--${BOUNDARY}--\r\n`, 400],
  ])('refuses %s', async (_what, headers, body, status) => {
    const response = await fetch(`${app.url}/v1/files`, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body,
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_request' } });
  });

  it.each(['file-1', `file-${'z'.repeat(32)}`, `vs_${'0'.repeat(32)}`])('knows no file %s', async (id) => {
    await expect(client.files.retrieve(id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
  });

  describe('several at once through /api/v1/files', () => {
    const formOf = (...names: string[]) => {
      const form = new FormData();
      for (const name of names) form.append('files', new Blob([name]), name);
      return form;
    };

    it('keeps all of them', async () => {
      const response = await send(formOf('a.txt', 'b.md'), '/api/v1/files');
      expect(response.status).toBe(201);
      const list = (await response.json()) as { data: { filename: string; purpose: string }[] };
      expect(list.data.map(({ filename, purpose }) => [filename, purpose])).toEqual([
        ['a.txt', 'assistants'],
        ['b.md', 'assistants'],
      ]);
    });

    it('keeps none when there are too many or one is not allowed', async () => {
      const tooMany = await send(formOf('1.txt', '2.txt', '3.txt', '4.txt', '5.txt', '6.txt'), '/api/v1/files');
      expect(tooMany.status).toBe(400);
      expect(await tooMany.json()).toMatchObject({ code: 'too_many_files' });
      const wrongType = await send(formOf('1.txt', '2.exe'), '/api/v1/files');
      expect(wrongType.status).toBe(415);
      expect(await app.blobs()).toEqual([]);
      expect(known.size).toBe(0);
    });
  });
});
