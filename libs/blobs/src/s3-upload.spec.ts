import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BlobsConfig } from '@parley/config';
import { type S3Stub, startS3Stub } from '@parley/testing';
import { createBlobDriver } from './blob-driver.js';
import { BlobStore } from './blob-store.js';

const MIB = 2 ** 20;

describe('BlobStore on S3', () => {
  let s3: S3Stub;
  let store: BlobStore;

  beforeAll(async () => {
    s3 = await startS3Stub();
    const config = {
      store: 's3',
      s3Endpoint: s3.endpoint,
      s3Region: 'us-east-1',
      s3Bucket: 'originals',
      s3AccessKeyId: 'a',
      s3SecretAccessKey: 'b',
    };
    store = new BlobStore(await createBlobDriver(config as BlobsConfig));
  });

  afterAll(() => s3.close());

  const pieces = (count: number) => Array.from({ length: count }, (_, index) => Buffer.alloc(MIB, index + 1));
  const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex');

  it.each([
    ['nothing', 0],
    ['less than a part', 1],
    ['exactly a part', 8],
    ['several parts', 19],
  ])('stores a stream of unknown length: %s', async (_, count) => {
    const key = `${randomUUID()}/${randomUUID()}`;
    await store.put(key, Readable.from(pieces(count)));
    expect(await store.bytesOf(key)).toBe(count * MIB);
    expect(hash(await buffer(await store.get(key)))).toBe(hash(Buffer.concat(pieces(count))));
    expect(s3.openUploads()).toBe(0);
  });

  it('leaves nothing behind when the stream fails half-way', async () => {
    const key = `${randomUUID()}/${randomUUID()}`;
    const failure = new Error('client went away');
    const content = Readable.from(
      (function* () {
        yield* pieces(20);
        throw failure;
      })(),
    );
    await expect(store.put(key, content)).rejects.toBe(failure);
    expect(await store.bytesOf(key)).toBeNull();
    expect(s3.openUploads()).toBe(0);
  });

  it('lists and deletes', async () => {
    const [tenant, file] = [randomUUID(), randomUUID()];
    await store.put(`${tenant}/${file}`, Readable.from([Buffer.from('x')]));
    const pages: string[][] = [];
    for await (const page of store.keysOf(tenant)) pages.push(page);
    expect(pages).toEqual([[`${tenant}/${file}`]]);
    await store.delete(`${tenant}/${file}`);
    await expect(store.get(`${tenant}/${file}`)).rejects.toMatchObject({ code: 'not_found' });
  });
});
