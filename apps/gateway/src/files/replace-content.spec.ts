import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, type FileView, formatId, GetFile, ReplaceFileContent } from '@parley/contracts';
import { createRoutesApp, type RoutesApp, TENANT } from '../fixtures/routes.fixture.js';

const ID = '0198c0de-0000-7000-8000-00000000f001';
const FILE: FileView = {
  id: ID,
  filename: 'notes.txt',
  contentType: 'text/plain; charset=utf-8',
  bytes: 3,
  sha256: '0'.repeat(64),
  purpose: 'assistants',
  blobKey: `${TENANT.tenantId}/${ID}`,
  createdAt: '2026-01-02T03:04:05.678Z',
};
type Body = NonNullable<RequestInit['body']>;
const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

/** A form and a store on a busy disk. */

describe('PUT /api/v1/files/{id}/content', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp({ MAX_FILE_SIZE: '1MB' });
  });
  afterAll(() => app.close());
  afterEach(() => app.forgetBlobs());
  beforeEach(() => {
    app.bus.reset();
    app.bus
      .on(GetFile, ({ id }) => {
        if (id !== ID) throw DomainError.notFound('file');
        return FILE;
      })
      .on(ReplaceFileContent, ({ blobKey, bytes, sha256 }) => ({
        file: { ...FILE, blobKey, bytes, sha256 },
        changed: true,
      }));
  });

  const put = async (body: Body, headers: Record<string, string> = {}, id = formatId('file', ID)) => {
    const response = await fetch(`${app.url}/api/v1/files/${id}/content`, { method: 'PUT', headers, body });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const raw = (body: Body, id?: string) => put(body, { 'content-type': 'application/octet-stream' }, id);
  const formOf = (...names: string[]) => {
    const form = new FormData();
    for (const name of names) form.append('file', new Blob(['hello']), name);
    return form;
  };

  it.each([
    ['as it is', () => raw('hello')],
    ['in a form', () => put(formOf('other-name.txt'))],
  ])('takes the new content %s, under a key of its own', async (_how, send) => {
    const { status, body } = await send();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: formatId('file', ID),
      filename: 'notes.txt',
      bytes: 5,
      parley: { changed: true },
    });
    const [asked] = app.bus.asked(ReplaceFileContent);
    expect(asked).toMatchObject({ fileId: ID, bytes: 5, sha256: HELLO, contentType: FILE.contentType });
    expect(asked!.blobKey).toMatch(new RegExp(`^${TENANT.tenantId}/[0-9a-f-]{36}$`));
    expect(asked!.blobKey).not.toBe(FILE.blobKey);
    expect(await app.blobs()).toEqual([asked!.blobKey.split('/')[1]]);
  });

  it.each([
    ['a file of another type', 415, 'unsupported_file_type', () => put(formOf('notes.pdf'))],
    ['two files', 400, 'too_many_files', () => put(formOf('a.txt', 'b.txt'))],
    ['a form without a file', 400, 'invalid_request', () => put(new FormData())],
    ['too large a body', 413, 'file_too_large', () => raw(Buffer.alloc(1_100_000))],
    ['JSON', 400, 'invalid_request', () => put('{}', { 'content-type': 'application/json' })],
    ['a file that is not there', 404, 'not_found', () => raw('hello', formatId('file', TENANT.userId))],
    ['an id that is none', 404, 'not_found', () => raw('hello', 'file-1')],
  ])('refuses %s and keeps nothing', async (_what, status, code, send) => {
    expect(await send()).toMatchObject({ status, body: { code } });
    expect(app.bus.asked(ReplaceFileContent)).toEqual([]);
    expect(await app.blobs()).toEqual([]);
  });

  it('takes the content back when the file was deleted meanwhile, and leaves it when nobody knows', async () => {
    app.bus.on(ReplaceFileContent, () => {
      throw DomainError.notFound('file');
    });
    expect(await raw('hello')).toMatchObject({ status: 404 });
    expect(await app.blobs()).toEqual([]);
    app.bus.on(ReplaceFileContent, () => {
      throw new DomainError('timeout', 'No answer.');
    });
    expect(await raw('hello')).toMatchObject({ body: { code: 'timeout' } });
    expect(await app.blobs()).toHaveLength(1);
  });

  it('takes raw bodies nowhere else', async () => {
    const headers = { 'content-type': 'application/octet-stream' };
    const response = await fetch(`${app.url}/v1/vector_stores`, { method: 'POST', headers, body: 'x' });
    expect(response.status).toBe(415);
  });
});
