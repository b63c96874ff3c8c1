import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type BlobStore } from '@parley/blobs';
import { DeleteFile, DomainError, RegisterFile } from '@parley/contracts';
import { FakeBus, TENANT } from '../fixtures/routes.fixture.js';
import { type FormPart } from './form-parts.js';

const { UploadService } = await import('./upload.service.js');

/** Keeps what was read to its end, as the real one. */
class FakeBlobs {
  readonly kept = new Map<string, Buffer>();
  failure: Error | null = null;

  async put(key: string, content: Readable): Promise<void> {
    if (this.failure) throw this.failure;
    this.kept.set(key, await buffer(content));
  }

  async delete(key: string): Promise<void> {
    this.kept.delete(key);
  }
}

const CONFIG = { maxFileBytes: 10, allowedExtensions: ['txt', 'pdf'], maxFilesPerRequest: 3 };
const RULES = { maxFiles: 2, fileFields: ['file'] };
const file = (filename: string, content: Readable | string = 'hello'): FormPart => ({
  kind: 'file',
  name: 'file',
  filename,
  content: typeof content === 'string' ? Readable.from([Buffer.from(content)]) : content,
});
const PURPOSE: FormPart = { kind: 'field', name: 'purpose', value: 'assistants' };

async function* form(...parts: FormPart[]) {
  yield* parts;
}

describe('UploadService', () => {
  let bus: InstanceType<typeof FakeBus>;
  let blobs: FakeBlobs;
  let uploads: InstanceType<typeof UploadService>;

  beforeEach(() => {
    bus = new FakeBus();
    bus.on(RegisterFile, (request) => ({ ...request, createdAt: '2026-01-02T03:04:05.678Z' }));
    blobs = new FakeBlobs();
    uploads = new UploadService(blobs as unknown as BlobStore, bus.asBus(), CONFIG);
  });

  it('stores the content, counts and hashes it, and registers it for the tenant', async () => {
    const [view] = await uploads.upload(TENANT, form(PURPOSE, file('../a.TXT')), RULES);
    expect(view).toMatchObject({
      filename: 'a.TXT',
      contentType: 'text/plain; charset=utf-8',
      bytes: 5,
      sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      purpose: 'assistants',
      blobKey: `${TENANT.tenantId}/${view!.id}`,
    });
    expect(blobs.kept.get(view!.blobKey)!.toString()).toBe('hello');
    expect(bus.requests[0]!.tenant).toBe(TENANT);
  });

  it('takes the purpose from behind the file as well', async () => {
    const [view] = await uploads.upload(TENANT, form(file('a.txt'), PURPOSE), RULES);
    expect(view!.purpose).toBe('assistants');
  });

  it('accepts an empty file', async () => {
    const [view] = await uploads.upload(TENANT, form(PURPOSE, file('a.txt', Readable.from([]))), RULES);
    expect(view).toMatchObject({
      bytes: 0,
      sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    });
  });

  it('stops at the first byte too many', async () => {
    const endless = new PassThrough();
    endless.write('0123456789');
    endless.write('x');
    const failure = uploads.upload(TENANT, form(PURPOSE, file('a.txt', endless)), RULES);
    await expect(failure).rejects.toMatchObject({ code: 'file_too_large', param: 'file' });
    expect(endless.destroyed).toBe(true);
    expect(blobs.kept.size).toBe(0);
  });

  it('refuses what the worker cannot read, whatever the client calls it', async () => {
    for (const name of ['a.exe', 'README', 'a.pdf.sh']) {
      await expect(uploads.upload(TENANT, form(PURPOSE, file(name)), RULES)).rejects.toMatchObject({
        code: 'unsupported_file_type',
      });
    }
  });

  it.each([
    ['purpose', 'invalid_request', [file('a.txt')]],
    ['purpose', 'invalid_request', [file('a.txt'), { ...PURPOSE, value: 'fun' } as FormPart]],
    ['file', 'invalid_request', [PURPOSE]],
    ['file', 'too_many_files', [PURPOSE, file('a.txt'), file('b.txt'), file('c.txt')]],
    ['image', 'invalid_request', [PURPOSE, file('a.txt'), { ...file('b.txt'), name: 'image' } as FormPart]],
    [
      'expires_after[seconds]',
      'invalid_request',
      [PURPOSE, file('a.txt'), { kind: 'field', name: 'expires_after[anchor]', value: 'created_at' } as FormPart],
    ],
  ])('keeps nothing when %s is at fault (%s)', async (param, code, parts) => {
    bus.on(DeleteFile, () => {
      throw DomainError.notFound('file');
    });
    await expect(uploads.upload(TENANT, form(...parts), RULES)).rejects.toMatchObject({ code, param });
    expect(blobs.kept.size).toBe(0);
    expect(bus.asked(RegisterFile)).toEqual([]);
  });

  it('keeps nothing when a registration fails, also of the files before', async () => {
    const undone: string[] = [];
    bus.on(RegisterFile, (request) => {
      if (request.filename === 'b.txt') throw new DomainError('timeout', 'No answer.');
      return { ...request, createdAt: '2026-01-02T03:04:05.678Z' };
    });
    bus.on(DeleteFile, ({ id }) => {
      undone.push(id);
      return { id, deleted: true };
    });
    const failure = uploads.upload(TENANT, form(PURPOSE, file('a.txt'), file('b.txt')), RULES);
    await expect(failure).rejects.toMatchObject({ code: 'timeout' });
    expect(blobs.kept.size).toBe(0);
    expect(undone).toEqual(bus.asked(RegisterFile).map(({ id }) => id));
  });

  it('passes on that the store cannot be reached', async () => {
    blobs.failure = new DomainError('service_unavailable', 'The file store cannot be reached.');
    const failure = uploads.upload(TENANT, form(PURPOSE, file('a.txt')), RULES);
    await expect(failure).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('blames the form when its content breaks off', async () => {
    const content = new PassThrough();
    content.write('half');
    setImmediate(() => content.destroy(new Error('Part terminated early')));
    const failure = uploads.upload(TENANT, form(PURPOSE, file('a.txt', content)), RULES);
    await expect(failure).rejects.toMatchObject({ code: 'invalid_request' });
    expect(blobs.kept.size).toBe(0);
  });
});
